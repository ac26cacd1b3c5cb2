import { describeCause } from '../model/error.ts';
import type { Finding } from '../model/guard.ts';
import { hashJson } from '../model/json.ts';
import { timestamp } from '../ports/clock.ts';
import { guardActor, noteOnce, tell } from './guard-notes.ts';
import type { GuardWork } from './guard-occurrences.ts';
import { recordOfMonth } from './month-record.ts';

/** So many looks in a row without an answer are no hiccup any more: people are told. */
const BLIND_LOOKS = 3;
/** What stands for record, leases and journal together, beside the names of targets. */
const STORES = 'the record of releases, with leases and journal,';

/**
 * A deployment that nobody recorded is an information. Between a deployment and the step that
 * records it lies a moment: it is written down from the second look on.
 */
export async function reportUnrecorded(
  work: GuardWork,
  findings: readonly Finding[],
): Promise<void> {
  const { ports, memory, problems } = work;
  for (const found of findings) {
    if (found.kind !== 'unrecorded-change') continue;
    const { target, tag, text } = found;
    if (memory.before.get(target)?.tag !== tag) continue;
    try {
      await noteOnce(ports, memory, {
        key: `guard/unrecorded/${target}/${hashJson(text).slice(0, 10)}`,
        text: `${target} ${text}.`,
        data: { guard: 'unrecorded', target, tag },
      });
    } catch (error) {
      problems.push(`Not recorded: ${describeCause(error)}`);
    }
  }
}

/** What could not be read for some looks in a row is told once, and once when it is over. */
export async function reportBlind(work: GuardWork, findings: readonly Finding[]): Promise<void> {
  const { ports, memory, reading } = work;
  const now = new Map<string, string>(
    findings.flatMap(({ kind, target, text }) =>
      kind === 'unreadable' ? [[target, `${target} ${text}.`] as const] : [],
    ),
  );
  // They go away together and come back together: that is one piece of news, not three.
  const away = new Set(
    reading.away.map(({ what, problem }) => `${what} cannot be read: ${problem}`),
  );
  if (away.size > 0) now.set(STORES, [...away].join(' '));
  const at = timestamp(ports.clock);
  for (const what of now.keys()) {
    const known = memory.blind.get(what) ?? { looks: 0, since: at, told: false };
    memory.blind.set(what, { ...known, looks: known.looks + 1 });
  }
  const due = [...memory.blind].filter(([what, { looks, told }]) => {
    return now.has(what) && looks >= BLIND_LOOKS && !told;
  });
  if (due.length > 0) {
    const since = due.map(([, one]) => one.since).toSorted()[0] ?? at;
    const found = due.map(([what]) => now.get(what) ?? what);
    const isTold = await say(work, 'guard-blind', due, [...found, `It is so since ${since}.`]);
    for (const [, one] of due) one.told = isTold;
  }
  const over = [...memory.blind].filter(([what]) => !now.has(what));
  const told = over.filter(([, one]) => one.told);
  const text = told.map(([what]) => `${what} can be read again.`);
  if (told.length > 0 && !(await say(work, 'guard-sees', told, text))) return;
  for (const [what] of over) memory.blind.delete(what);
}

/**
 * @param about what it is about: the same things since the same time are the same piece of news,
 * whatever reason there is for it at each look
 * @returns whether it reached somebody
 */
async function say(
  { ports, memory, problems }: GuardWork,
  code: 'guard-blind' | 'guard-sees',
  about: readonly (readonly [what: string, one: { since: string }])[],
  found: string[],
): Promise<boolean> {
  const incident = recordOfMonth(ports.clock.now());
  const text = found.join(' ');
  const name = hashJson(about.map(([what, { since }]) => [what, since])).slice(0, 10);
  const key = `guard/${code}/${name}`;
  const by = guardActor(ports);
  const facts = { reason: found[0] ?? code, by, found, command: 'backout guard' };
  try {
    await noteOnce(ports, memory, { key, text, data: { guard: code } });
  } catch (error) {
    problems.push(`Not recorded: ${describeCause(error)}`);
  }
  const message = { incident, code, key: `${incident}/${key}/message`, facts };
  const told = await tell(ports, memory, [], message);
  problems.push(...told.problems);
  return told.reached;
}
