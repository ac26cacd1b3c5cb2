import type { GuardLook } from '../../src/operations/guard-releases.ts';
import type { GuardState } from '../../src/operations/guard-state.ts';
import type { Finding } from '../../src/model/guard.ts';
import { labelled, nextLine, wrap } from './text.ts';
import { formatDuration, formatInstant, formatTime } from './time.ts';

/** What a look found: each target, who did it, what was not known, what to do. */
export function renderLook(
  { findings, back, problems, verdict }: GuardLook,
  again: (command: string) => string,
): string {
  const [first] = back;
  const who = new Set(back.flatMap(({ account }) => account?.lines ?? []));
  const incidents = new Set(back.map(({ occurrence }) => occurrence.incident));
  return [
    wrap(HEADLINE[verdict]),
    ...(findings.length === 0 ? ['  no target is configured'] : findings.map(renderFinding)),
    ...[...who].map((line) => labelled('Who', line)),
    ...[...incidents].map((incident) => labelled('Told', `in incident ${incident}`)),
    ...problems.map((problem) => labelled('Problem', problem)),
    ...(first === undefined ? [] : [nextLine(again(first.command))]),
  ].join('\n');
}

const HEADLINE: Record<GuardLook['verdict'], string> = {
  failed: 'A HELD RELEASE IS BACK. Nothing was changed: a person decides.',
  inconclusive: 'NOT KNOWN whether a held release is back.',
  error: 'NOT KNOWN whether a held release is back.',
  passed: 'No held release is back.',
};

/** `  web: BACK: runs v1.2.0 again, which is held …` */
function renderFinding(found: Finding): string {
  return wrap(`${NAME[found.kind]}${found.text}`, `  ${found.target}: `, '    ');
}

const NAME: Record<Finding['kind'], string> = {
  fine: '',
  'held-release-back': 'BACK: ',
  'still-live': 'STILL LIVE: ',
  'rollback-running': 'ROLLBACK RUNNING: ',
  'unrecorded-change': 'NOT RECORDED: ',
  unreadable: 'NOT KNOWN: ',
};

/** Whether somebody watches, in one line. @param now milliseconds since 1970 */
export function describeGuard(
  { watching, lookedAt, problem }: GuardState,
  now: number,
  again: (command: string) => string,
): string {
  if (problem !== undefined) return `not known: ${problem}`;
  const looked =
    lookedAt === undefined
      ? 'no look in the last hour'
      : `last look ${formatDuration(Math.max(0, Math.round((now - Date.parse(lookedAt)) / 1000)) * 1000)} ago`;
  if (watching !== undefined) return `${watching.holder} watches, ${looked}`;
  return `nobody watches, ${looked}. Start: ${again('backout guard --watch')}`;
}

/** `14:12:01 UTC` in front of what changed since the look before. */
export function renderChange(look: GuardLook, found: Finding): string {
  return `${formatTime(look.at)} ${renderFinding(found).trimStart()}`;
}

/** Who watches while we stand by. */
export function renderStandBy(holder: string | undefined, until: string | undefined): string {
  const who = holder === undefined ? 'Somebody else' : holder;
  const when = until === undefined ? '' : `, at the latest at ${formatInstant(until)}`;
  return `${who} watches already. Standing by, to take over when that ends${when} without a further sign.`;
}
