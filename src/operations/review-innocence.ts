import { findBaseline } from '../model/baseline.ts';
import type { ExecutionResult } from '../model/execution.ts';
import { type Innocence, judgeInnocence, TRY_NEXT } from '../model/innocence.ts';
import type { JournalEntry } from '../model/journal.ts';
import { within } from '../ports/clock.ts';
import { measureBaseline } from './baseline.ts';
import { record } from './journal-writer.ts';
import type { OperationPorts } from './operation-ports.ts';

/** How long before the release went live is looked at: its own start is no calm time. */
const BEFORE_RELEASE_MS = 5 * 60_000;
/** The rollback itself is over: nobody waits long for an opinion about it. */
const ASK_CAP_MS = 5_000;

/**
 * After the targets changed: measures again and compares with before. Written to the journal.
 * @returns undefined when nothing is measured here, or nothing was deployed
 */
export async function reviewInnocence(
  ports: OperationPorts,
  { id, incident, plan, steps }: ExecutionResult,
  entries: readonly JournalEntry[],
  actor: string,
): Promise<Innocence | undefined> {
  const sources = ports.baseline;
  const deployed = steps.some(
    ({ step, result }) => step.action.kind === 'deploy' && result.outcome === 'done',
  );
  if (sources === undefined || sources.metrics.length === 0 || !deployed) return undefined;
  const during = findBaseline(entries)?.metrics;
  const before = await beforeRelease(ports, plan.from);
  const after = await measureBaseline(ports.clock, { counters: [], metrics: sources.metrics });
  const found = judgeInnocence(before, during, after.baseline.metrics);
  await record(ports, {
    incident,
    key: `${id}/innocence/${after.baseline.at}`,
    kind: 'note',
    actor,
    text: describeInnocence(found, plan.from).join(' '),
    data: { execution: id, innocence: found, before, during, after: after.baseline.metrics },
  });
  return found;
}

/** For people: nothing where there is nothing to say. */
export function describeInnocence(found: Innocence, release = 'The release'): string[] {
  switch (found.verdict) {
    case 'probably-not-the-cause':
      return [
        `${release} is probably not the cause. ${found.reason}`,
        ...found.still_off.map((words) => `Still off: ${words}.`),
        ...TRY_NEXT,
      ];
    case 'probably-the-cause':
      return [`${release} was probably the cause. ${found.reason}`];
    case 'cannot-tell':
      return [`Whether ${release} was the cause cannot be told. ${found.reason}`];
    default:
      return found.verdict satisfies never;
  }
}

/** From a source that knows the past; undefined where none does. */
async function beforeRelease(
  { clock, releases, scope, baseline }: OperationPorts,
  from: string | undefined,
): Promise<Record<string, number> | undefined> {
  const all = await releases.list(scope).catch(() => []);
  const live = all.find(({ tag }) => tag === from);
  if (live === undefined || baseline === undefined) return undefined;
  const at = Date.parse(live.deployedAt) - BEFORE_RELEASE_MS;
  const values = await Promise.all(
    baseline.metrics.map(async (source) => {
      const read = within(clock, ASK_CAP_MS, (signal) => source.read(signal, at));
      return [source.signal, await read.catch(() => undefined)] as const;
    }),
  );
  const known = values.flatMap(([signal, value]) =>
    value === undefined ? [] : [[signal, value] as const],
  );
  return known.length === 0 ? undefined : Object.fromEntries(known);
}
