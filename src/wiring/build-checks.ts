import { resolve } from 'node:path';
import { commandCheck } from '../adapters/command/command-check.ts';
import { httpCheck } from '../adapters/http/check.ts';
import { journeyCheck } from '../adapters/http/journey.ts';
import { sqlCheck } from '../adapters/postgres/sql-check.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import type { CheckConfig } from '../config/schema.ts';
import { resolveReference } from '../config/secrets.ts';
import type { SelectedConfig } from '../config/select.ts';
import { isReference } from '../config/values.ts';
import { findBaseline, isRollback } from '../model/baseline.ts';
import type { Scope } from '../model/scope.ts';
import { breakersCheck } from '../operations/checks/breakers.ts';
import { flagsSafeCheck } from '../operations/checks/flags-safe.ts';
import { longestMetricCheck, metricCheck } from '../operations/checks/metric.ts';
import { rowsKeptCheck } from '../operations/checks/rows-kept.ts';
import { SILENT_AFTER_MS } from '../operations/proof-times.ts';
import type { Breakers } from '../ports/breakers.ts';
import type { Check } from '../ports/checks.ts';
import { type Clock, timestamp } from '../ports/clock.ts';
import type { FlagStore } from '../ports/flags.ts';
import type { Ids } from '../ports/ids.ts';
import type { Journal } from '../ports/journal.ts';
import type { MetricSource } from '../ports/metrics.ts';
import type { RowCounter } from '../ports/row-counts.ts';
import { databaseUrl } from './build-metrics.ts';

interface CheckPorts {
  clock: Clock;
  flags: Pick<FlagStore, 'read'>;
  breakers: Breakers;
  ids: Ids;
  metrics: readonly MetricSource[];
  counters: readonly RowCounter[];
  journal: Journal;
  scope: Scope;
  variables: EnvironmentVariables;
  /** Where relative folders of programs start. */
  baseDirectory: string;
}

/** As long as counting may take before a rollback, and reading the journal. */
const ROWS_TIMEOUT_MS = 8_000;

/** The checks of an environment, in the order of the file. */
export function buildChecks(config: SelectedConfig, ports: CheckPorts): Check[] {
  const written = Object.entries(config.checks).map(([name, check]) =>
    buildCheck(config, name, check, ports),
  );
  return ports.counters.length === 0 ? written : [...written, rowsKept(config, ports)];
}

/**
 * Milliseconds that checks may need after the end of a bake: a round that began just before it and
 * the last one, each asked twice (watch-bake.ts).
 */
export function longestChecks({ checks }: SelectedConfig): number {
  const longest = Object.values(checks).map((check) =>
    check.kind === 'metric'
      ? longestMetricCheck({
          everyMs: check.every,
          consecutive: check.consecutive,
          failureLimit: check.failure_limit,
          timeoutMs: check.timeout,
        })
      : check.timeout,
  );
  return 4 * Math.max(0, ...longest);
}

/** That no data was lost is always asked where `counted_tables` says what that means. */
function rowsKept(config: SelectedConfig, ports: CheckPorts): Check {
  const { clock, counters, journal, scope } = ports;
  const stages = Object.keys(config.stages);
  return rowsKeptCheck({
    name: 'rows-kept',
    stages,
    clock,
    counters,
    timeoutMs: ROWS_TIMEOUT_MS,
    async baseline() {
      const open = (await journal.incidents(scope)).filter(({ status }) => status === 'open');
      const entries = await Promise.all(open.map(({ id }) => journal.read(scope, id)));
      const rolledBack = entries.filter(isRollback);
      if (rolledBack.length === 0) return 'no-incident';
      const found = rolledBack.map(findBaseline).filter((one) => one !== undefined);
      return found.toSorted((a, b) => (a.at < b.at ? -1 : 1)).at(-1) ?? 'none';
    },
  });
}

function buildCheck(
  config: SelectedConfig,
  name: string,
  check: CheckConfig,
  { clock, ids, flags, breakers, metrics, variables, baseDirectory }: CheckPorts,
): Check {
  const { stages, timeout: timeoutMs } = check;
  const common = { name, stages, clock, timeoutMs };
  const unique = (): string => ids.next();
  switch (check.kind) {
    case 'http': {
      const { url, method, body, expect, under_safe_state: underSafeState } = check;
      const isJson = body !== undefined && typeof body !== 'string';
      const type = isJson ? { 'content-type': 'application/json' } : {};
      const headers = { ...type, ...headersOf(check.headers, variables) };
      const text = body === undefined ? undefined : bodyText(body, variables);
      const request = { url, method, headers, body: text, unique };
      return httpCheck({ ...common, ...request, expect, underSafeState });
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
    case 'journey': {
      const { steps, under_safe_state: underSafeState } = check;
      const places = { service: config.service, environment: config.environment.name };
      return journeyCheck({
        ...common,
        underSafeState,
        unique,
        places,
        steps: steps.map((step) => ({
          ...step,
          headers: headersOf(step.headers, variables),
          body: typeof step.body === 'string' ? plain(step.body, variables) : step.body,
          underSafeState: step.under_safe_state,
        })),
      });
    }
    case 'sql': {
      const database = config.databases[check.database];
      if (database === undefined) {
        return unanswerable(common, `The database ${check.database} does not exist here.`);
      }
      const url = databaseUrl(resolveReference(database.url, variables), database.name);
      const { query, expect, under_safe_state: underSafeState } = check;
      return sqlCheck({ ...common, url, query, expect, underSafeState });
    }
    case 'metric': {
      const source = metrics.find(({ signal }) => signal === check.signal);
      if (source === undefined) {
        return unanswerable(common, `No source measures ${check.signal} (section metrics).`);
      }
      const { expect, under_safe_state: underSafeState } = check;
      const { every: everyMs, consecutive, failure_limit: failureLimit } = check;
      const rhythm = { everyMs, consecutive, failureLimit };
      return metricCheck({ ...common, ...rhythm, source, expect, underSafeState });
    }
    case 'command': {
      const named = Object.entries(check.env).map(
        ([key, reference]) => [key, resolveReference(reference, variables)] as const,
      );
      const { run: argv, expect, under_safe_state: underSafeState } = check;
      return commandCheck({
        ...common,
        argv,
        expect,
        underSafeState,
        cwd: resolve(baseDirectory, check.cwd),
        env: { PATH: variables['PATH'], HOME: variables['HOME'], ...Object.fromEntries(named) },
        secrets: named.map(([, value]) => value),
      });
    }
    default:
      return check satisfies never;
  }
}

/** Its question cannot be asked: an error in the checklist, never a silent pass. */
function unanswerable(
  { name, stages, clock }: { name: string; stages: readonly string[]; clock: Clock },
  reason: string,
): Check {
  return {
    name,
    stages,
    run: () =>
      Promise.resolve({
        check: name,
        verdict: 'error',
        reason,
        duration_ms: 0,
        at: timestamp(clock),
      }),
  };
}

function headersOf(headers: Readonly<Record<string, string>>, variables: EnvironmentVariables) {
  return Object.fromEntries(
    Object.entries(headers).map(([key, value]) => [key, plain(value, variables)]),
  );
}

function plain(value: string, variables: EnvironmentVariables): string {
  return isReference(value) ? resolveReference(value, variables) : value;
}

function bodyText(body: unknown, variables: EnvironmentVariables): string {
  return typeof body === 'string' ? plain(body, variables) : JSON.stringify(body);
}
