import type { ExecutionResult } from '../../../src/model/execution.ts';
import type { Process } from '../process.ts';
import type { World } from '../world.ts';
import type { Complain, Watch } from './invariant.ts';

/** Looking for the incident 1 s, and three entries of 2 s each that cannot be stored. */
const SAFE_ASKED_MS = 8_000;
/** With three tries of an operation, and the waits between them. */
const LONGEST_MS: Partial<Record<Process['task']['kind'], number>> = { alarm: 240_000 };
const LONGEST_OTHERS_MS = 45 * 60_000;

/**
 * I4: an emergency asks for the safe state within seconds, whatever is down.
 * I12: an execution with an essential step unknown is unknown, and never done.
 * I15: every operation ends, in bounded time.
 */
export function endings(world: World, complain: Complain): Watch {
  const asked = new Set<Process>();
  return {
    request(process, store, op) {
      if (store !== 'flags' || op !== 'engage' || asked.has(process)) return;
      asked.add(process);
      const took = world.scheduler.now() - process.startedAt;
      const slow = process.task.kind === 'alarm' && process.pauses === 0 && took > SAFE_ASKED_MS;
      if (slow) complain('I4', `${process.name} asked for the safe state after ${took} ms.`);
    },
    report(process, { kind, value }) {
      if (kind === 'alarm' && !asked.has(process)) {
        complain('I4', `${process.name} never asked for the safe state.`);
      }
      if (!['alarm', 'rollback', 'resume', 'return'].includes(kind)) return;
      const { execution } = value as { execution: ExecutionResult };
      const { outcome, steps } = execution;
      const open = steps.filter(({ result }) => result.outcome !== 'done');
      const essential = open.filter(({ step }) => step.essential);
      const good = outcome === 'done' ? open : outcome === 'partial' ? essential : [];
      if (good.length > 0) {
        complain(
          'I12',
          `${process.name} says ${outcome}, but ${good[0]?.step.id ?? ''} is not done.`,
        );
      }
      const unknown = essential.some(({ result }) => result.outcome === 'unknown');
      if (unknown && outcome === 'failed')
        complain('I12', `${process.name}: unknown became failed.`);
    },
    finish(process) {
      const took = world.scheduler.now() - process.startedAt;
      const longest = LONGEST_MS[process.task.kind] ?? LONGEST_OTHERS_MS;
      if (process.pauses > 0 || took <= longest) return;
      complain('I15', `${process.name} (${process.task.kind}) took ${Math.round(took / 1000)} s.`);
    },
  };
}
