import { parseScheduleEvent } from '../adapters/aws/schedule-event.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import { guardPorts } from '../operations/guard-ports.ts';
import type { GuardLook } from '../operations/guard-releases.ts';
import { newMemory } from '../operations/guard-situation.ts';
import { lookInTurn } from '../operations/guard-turn.ts';
import { buildHistory } from './build-history.ts';
import { buildTargets } from './build-targets.ts';
import { openDirectStores } from './direct-stores.ts';
import { drainNow, functionService } from './function-service.ts';

/**
 * A schedule calls every minute, and may be late: two calls may fail before the turn is anybody's.
 * In milliseconds.
 */
const TURN_MS = 150_000;

/** What one call came to. */
export type GuardAnswer =
  | ({ decision: 'look' } & GuardLook)
  | { decision: 'stand-by' | 'ignore'; reason: string };

/** What looks after the releases of one service, called by a schedule. */
export interface GuardFunction extends AsyncDisposable {
  answer(event: unknown): Promise<GuardAnswer>;
}

/**
 * @param variables those of {@link functionService}, and what `backout.yml` refers to
 * @param log gets one line per message, per answer and per failure
 */
export function guardFunction(
  variables: EnvironmentVariables,
  log: (line: string) => void,
): GuardFunction {
  const name = variables['AWS_LAMBDA_FUNCTION_NAME'] ?? 'release-guard';
  const service = functionService({
    need: 'assess',
    buildTargets,
    openStores: openDirectStores,
    journalMode: 'journal-first',
    name,
    variables,
    log,
  });
  const memory = newMemory();
  async function answer(event: unknown): Promise<GuardAnswer> {
    const parsed = parseScheduleEvent(event);
    if (parsed.kind === 'other') {
      return { decision: 'ignore', reason: `This is no event of a schedule: ${parsed.shown}` };
    }
    const opened = await service.open();
    // A function has no clone: it goes by what the target and the record say.
    const { tags: _, ...ports } = guardPorts(opened.ports, buildHistory(opened.config, variables));
    // Every instance of the function is the same one: who is called next goes on with the turn.
    const settings = { ...ports.settings, holder: `function ${name}` };
    const taken = await lookInTurn({ ...ports, settings }, memory, TURN_MS);
    if ('owner' in taken) {
      const reason = `${taken.owner?.holder ?? 'Somebody else'} watches already.`;
      return { decision: 'stand-by', reason };
    }
    const left = await drainNow(opened);
    if (left !== undefined) taken.look.problems.push(left);
    return { decision: 'look', ...taken.look };
  }
  return {
    answer,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}
