import { Writable } from 'node:stream';
import { describePlan } from '../../src/model/plan.ts';
import type { ProgressEvent } from '../../src/model/progress.ts';

/** Writes a line to the job log, in which some lines are commands. */
export type Log = (text: string) => void;

/**
 * The runner obeys a line that begins with `::`, and `##[` anywhere in one. Programs and people
 * whose text we pass on must not be able to give it orders.
 */
export function inert(text: string): string {
  return text
    .replaceAll(/[\r\u2028\u2029]/g, '\n')
    .replaceAll(/^(\s*):(?=:)/gm, '$1: ')
    .replaceAll('##[', '## [');
}

/** What the messages for the console are written to. */
export function logStream(log: Log): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: unknown, _encoding, done) {
      log(String(chunk).trimEnd());
      done();
    },
  });
}

/** One line per step, as it happens. */
export function describeEvent(event: ProgressEvent): string | undefined {
  switch (event.type) {
    case 'execution-started': {
      const { plan, incident, resumed } = event;
      const way = plan.to === undefined ? '' : `: ${plan.from ?? '?'} -> ${plan.to}`;
      return `${resumed ? 'Continuing' : 'Starting'} ${describePlan(plan)}${way}, incident ${incident}`;
    }
    case 'step-started':
      return `  ${event.number}/${event.of} ${event.step.title}`;
    case 'step-ended': {
      const { result, step, duration_ms: ms } = event;
      const why = result.outcome === 'done' ? '' : `: ${result.problem}`;
      return `  ${result.outcome} after ${seconds(ms)}: ${step.title}${why}`;
    }
    case 'note':
      return `    ${event.text}`;
    case 'budget': {
      const used = `${seconds(event.elapsed_ms)} of ${seconds(event.budget_ms)}`;
      return `  ${event.exceeded ? 'Over' : 'Near'} the time budget: ${used}`;
    }
    case 'step-intended':
    case 'step-applied':
    case 'execution-ended':
      return undefined;
    default:
      return event satisfies never;
  }
}

/** `0.21 s`, `45 s`. */
export function seconds(ms: number): string {
  return `${ms < 10_000 ? Number((ms / 1000).toFixed(2)) : Math.round(ms / 1000)} s`;
}
