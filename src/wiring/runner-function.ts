import * as z from 'zod';
import type { EnvironmentVariables } from '../config/environment.ts';
import type { SelectedConfig } from '../config/select.ts';
import { BackoutError } from '../model/error.ts';
import type { HandOverRequest } from '../model/hand-over.ts';
import { isIncidentName } from '../model/names.ts';
import { isTagFormat } from '../model/release.ts';
import type { Scope } from '../model/scope.ts';
import { rollBackUnattended, type UnattendedAnswer } from '../operations/roll-back-unattended.ts';
import { buildDeployments } from './build-deployments.ts';
import { buildTargets } from './build-targets.ts';
import { openDirectStores } from './direct-stores.ts';
import { drainNow, functionService } from './function-service.ts';

/** Longest text that anybody may say here, in characters: as a reason may have. */
const TEXT = 2_000;

const inputSchema = z.strictObject({
  service: z.string(),
  environment: z.string(),
  incident: z.string().refine(isIncidentName),
  to: z.string().refine(isTagFormat),
  rule: z.string().min(1).max(TEXT),
  reason: z.string().min(1).max(TEXT),
  actor: z.string().min(1).max(TEXT),
});

/** What this function can change: everything else needs a workflow, or a machine of the team's. */
const KINDS: readonly string[] = ['lambda-alias', 'ecs', 'ssm-command'];

/** What rolls one service back where no workflow does. */
export interface RunnerFunction extends AsyncDisposable {
  /** @throws BackoutError for input or configuration that is none, and where asking again may help */
  run(input: unknown): Promise<UnattendedAnswer>;
}

/**
 * @param variables those of `functionService`, and what `backout.yml` refers to
 * @param log gets one line per message, per answer and per failure
 */
export function runnerFunction(
  variables: EnvironmentVariables,
  log: (line: string) => void,
): RunnerFunction {
  const service = functionService({
    need: 'application',
    buildTargets(config, options) {
      requireNative(config);
      return buildTargets(config, options);
    },
    buildDeployments,
    openStores: openDirectStores,
    journalMode: 'journal-first',
    name: 'runner',
    variables,
    log,
  });

  async function run(input: unknown): Promise<UnattendedAnswer> {
    const opened = await service.open();
    const { config, ports } = opened;
    const request = readRunnerInput(input, ports.scope);
    const policy = config.environment.approval.application;
    const answer = await rollBackUnattended(ports, request, policy);
    const left = await drainNow(opened);
    if (left === undefined) return answer;
    return { ...answer, problems: [...(answer.problems ?? []), left] };
  }

  return {
    run,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** @throws BackoutError E_RUNNER_INPUT (refused): not exactly what a clock of ours sends */
export function readRunnerInput(input: unknown, scope: Scope): HandOverRequest {
  const parsed = inputSchema.safeParse(input);
  const isOurs =
    parsed.success &&
    parsed.data.service === scope.service &&
    parsed.data.environment === scope.environment;
  if (isOurs) return parsed.data;
  const path = parsed.error?.issues[0]?.path.join('.');
  throw new BackoutError({
    code: 'E_RUNNER_INPUT',
    kind: 'refused',
    message: parsed.success
      ? 'No rollback is started by this: it is about another service or environment.'
      : `No rollback is started by this: it is not what the clock of an incident sends${path === undefined || path === '' ? '' : ` (${path})`}.`,
    remedy: 'Only the clock of an incident starts it; by hand: `backout rollback application`.',
  });
}

/** @throws BackoutError E_RUNNER_TARGET (refused) that names what somebody else has to change */
export function requireNative({ targets }: Pick<SelectedConfig, 'targets'>): void {
  const others = Object.entries(targets).filter(([, { kind }]) => !KINDS.includes(kind));
  if (others.length === 0) return;
  const named = others.map(([name, { kind }]) => `${name} (${kind})`).join(', ');
  throw new BackoutError({
    code: 'E_RUNNER_TARGET',
    kind: 'refused',
    message: `The function that may change targets cannot change ${named}.`,
    remedy: 'Roll back from where they can be reached: `backout rollback application`.',
  });
}
