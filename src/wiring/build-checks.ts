import { httpCheck } from '../adapters/http/check.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import type { CheckConfig } from '../config/schema.ts';
import { resolveReference } from '../config/secrets.ts';
import type { SelectedConfig } from '../config/select.ts';
import { isReference } from '../config/values.ts';
import { BackoutError } from '../model/error.ts';
import { breakersCheck } from '../operations/checks/breakers.ts';
import { flagsSafeCheck } from '../operations/checks/flags-safe.ts';
import { SILENT_AFTER_MS } from '../operations/step-handlers.ts';
import type { Breakers } from '../ports/breakers.ts';
import type { Check } from '../ports/checks.ts';
import type { Clock } from '../ports/clock.ts';
import type { FlagStore } from '../ports/flags.ts';

interface CheckPorts {
  clock: Clock;
  flags: FlagStore;
  breakers: Breakers;
  variables: EnvironmentVariables;
}

/** The checks of an environment, in the order of the file. */
export function buildChecks(config: SelectedConfig, ports: CheckPorts): Check[] {
  return Object.entries(config.checks).map(([name, check]) =>
    buildCheck(config, name, check, ports),
  );
}

function buildCheck(
  config: SelectedConfig,
  name: string,
  check: CheckConfig,
  { clock, flags, breakers, variables }: CheckPorts,
): Check {
  const { stages, timeout: timeoutMs } = check;
  const common = { name, stages, clock, timeoutMs };
  switch (check.kind) {
    case 'http': {
      const { url, method, body, expect, under_safe_state: underSafeState } = check;
      const headers = Object.fromEntries(
        Object.entries(check.headers).map(([key, value]) => [key, plain(value, variables)]),
      );
      const text = body === undefined ? undefined : bodyText(body, variables);
      return httpCheck({ ...common, url, method, headers, body: text, expect, underSafeState });
    }
    case 'flags-safe':
      return flagsSafeCheck({
        ...common,
        flags,
        groups: check.groups === 'none' ? [] : check.groups,
        acknowledged: check.acknowledged ? { breakers, silentAfterMs: SILENT_AFTER_MS } : undefined,
      });
    case 'breakers': {
      const all = Object.keys(config.breakers.providers);
      const chosen = check.providers === 'none' ? [] : check.providers;
      const providers = chosen === 'all' ? all : chosen;
      const { expect, under_safe_state: underSafeState = { expect } } = check;
      return breakersCheck({ ...common, breakers, providers, expect, underSafeState });
    }
    case 'journey':
    case 'sql':
    case 'metric':
    case 'command':
      return notAvailable(common.name, stages, check.kind);
    default:
      return check satisfies never;
  }
}

/** Asking for one of these is an error, in the checklist too: never a silent pass. */
function notAvailable(name: string, stages: readonly string[], kind: string): Check {
  return {
    name,
    stages,
    run() {
      throw new BackoutError({
        code: 'E_NOT_AVAILABLE',
        kind: 'refused',
        message: `The check ${name} is of kind ${kind}, which is not available yet.`,
        remedy: 'Use a check of kind http for now, or remove it.',
      });
    },
  };
}

function plain(value: string, variables: EnvironmentVariables): string {
  return isReference(value) ? resolveReference(value, variables) : value;
}

function bodyText(body: unknown, variables: EnvironmentVariables): string {
  return typeof body === 'string' ? plain(body, variables) : JSON.stringify(body);
}
