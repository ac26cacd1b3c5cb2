/** What the machines of a fleet said, and what that means together; no calls. */

import { isTagFormat } from '../../model/release.ts';
import type { LiveRelease, ReleaseRef } from '../../ports/target.ts';
import { parseLiveRelease } from '../command/live-release.ts';
import type { Invocation, Machine } from './ssm-calls.ts';
import { BUSY, FENCED, UNIT_DOWN } from './ssm-script.ts';

/** What one machine says is live on it. */
export interface MachineState {
  id: string;
  live: LiveRelease;
  /** A deployment there did not come to its end; `live` is what was there before. */
  unfinished?: true;
  /** Where the newest holder of our lease was going there. */
  mark?: { fence: number; tag: string };
}

const MARK = /^backout:mark (\d{1,16}) (\S+)$/m;
const ANSWER = /^backout:code (\d{1,3})\n([\s\S]*)$/m;

/** @param invocation of a script that says the mark and what `current` says */
export function readState(machine: Machine, invocation: Invocation | undefined): MachineState {
  const { id } = machine;
  const unknown = (problem: string): MachineState => ({ id, live: { known: false, problem } });
  if (machine.status !== 'Online') return unknown(`no command reaches it (${machine.status})`);
  if (invocation === undefined) return unknown('it did not answer in time');
  const { output, status, details, code } = invocation;
  const [, fence, tag = ''] = output.match(MARK) ?? [];
  const mark =
    fence === undefined || !isTagFormat(tag) ? {} : { mark: { fence: Number(fence), tag } };
  const [, answered, text = ''] = output.match(ANSWER) ?? [];
  if (status !== 'Success' || answered === undefined) {
    return {
      ...unknown(`asking it ended with ${details}${code === undefined ? '' : `, code ${code}`}`),
      ...mark,
    };
  }
  if (answered !== '0') return { ...unknown(`its program ended with code ${answered}`), ...mark };
  const unfinished = /^backout:unfinished$/m.test(output) ? { unfinished: true as const } : {};
  return { id, live: parseLiveRelease(text, 'its program'), ...mark, ...unfinished };
}

/** Whether the machine has the release; a commit that it does not say is not held against it. */
export function hasRelease(
  { live, unfinished }: MachineState,
  { tag, commit }: ReleaseRef,
): boolean {
  if (unfinished === true || !live.known || live.tag !== tag) return false;
  return live.commit === undefined || live.commit === commit;
}

/**
 * One release for the whole fleet. As long as machines differ, the release that has to go counts as
 * live: the one that is not where the newest holder of our lease was going. Where nobody was going
 * anywhere, or a machine cannot say, it is not known.
 */
export function fleetRelease(states: readonly MachineState[]): LiveRelease {
  if (states.length === 0) return { known: false, problem: 'no machine has these tags' };
  const marks = states.flatMap(({ mark }) => mark ?? []);
  const goingTo = marks.toSorted((a, b) => b.fence - a.fence)[0]?.tag;
  const known = states.flatMap(({ live }) => (live.known ? [live] : []));
  const leaving = known.filter(({ tag }) => goingTo !== undefined && tag !== goingTo);
  const summary = describeFleet(states);
  const oldest = mostCommon(leaving);
  if (oldest !== undefined) return { ...oldest, detail: summary };
  const [first] = known;
  const same = known.every((one) => one.tag === first?.tag && one.commit === first.commit);
  if (first === undefined || !same || known.length < states.length) {
    return { known: false, problem: summary };
  }
  return { ...first, detail: summary };
}

function mostCommon<T extends { tag: string }>(all: readonly T[]): T | undefined {
  const count = (tag: string): number => all.filter((one) => one.tag === tag).length;
  return all.toSorted((a, b) => count(b.tag) - count(a.tag))[0];
}

/** `3 machines have v1.1.0, 1 has v1.2.0; i-0a: no command reaches it (ConnectionLost)` */
export function describeFleet(states: readonly MachineState[]): string {
  const tags = [...new Set(states.flatMap(({ live }) => (live.known ? [live.tag] : [])))];
  const counts = tags.map((tag) => {
    const count = states.filter(({ live }) => live.known && live.tag === tag).length;
    return `${count} ${count === 1 ? 'machine has' : 'machines have'} ${tag}`;
  });
  const open = states.flatMap(({ id, unfinished }) =>
    unfinished === true ? [`${id}: its last deployment was not finished`] : [],
  );
  const silent = states.flatMap(({ id, live }) => (live.known ? [] : [`${id}: ${live.problem}`]));
  return [
    ...(counts.length === 0 ? [] : [counts.join(', ')]),
    ...shorten([...open, ...silent]),
  ].join('; ');
}

/** A fleet of hundreds must not fill a message. */
function shorten(lines: string[]): string[] {
  return lines.length <= 10 ? lines : [...lines.slice(0, 10), `and ${lines.length - 10} more`];
}

/** Why the release did not come up on one machine, for people. */
export function whyNot(invocation: Invocation | undefined): string {
  if (invocation === undefined) return 'it did not answer in time';
  const { status, details, code, output } = invocation;
  const said = lastWords(output);
  if (code === BUSY && output.includes('backout:busy')) return 'another deployment runs there';
  if (code === UNIT_DOWN) return `a unit did not come up: ${said}`;
  if (status === 'Failed' && code !== undefined && code >= 0) {
    return `the deploy program ended with code ${code}${said === '' ? '' : `: ${said}`}`;
  }
  return `${details}${said === '' ? '' : `: ${said}`}`;
}

/** The number of the holder that overtook us, or undefined; NaN when the mark cannot be read. */
export function overtakenBy(invocation: Invocation | undefined): number | undefined {
  if (invocation?.code !== FENCED) return undefined;
  const [, number] = invocation.output.match(/^backout:fenced (\S+)$/m) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** The end of an output on one line, without what looks like a secret. */
function lastWords(output: string): string {
  const lines = output
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('backout:mark'));
  const text = hideSecrets(lines.slice(-4).join(' | '));
  return text.length > 400 ? `…${text.slice(-400)}` : text;
}

const SECRETS: readonly RegExp[] = [
  /\b((?:pass(?:word|wd)?|secret|token|api[_-]?key|authorization|credential)s?["']?\s*[=:]\s*)("[^"]*"|'[^']*'|(?:bearer |basic )?\S+)/gi,
  /([a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:)([^/\s@]+)(?=@)/gi,
  /(\b)((?:AKIA|ASIA)[0-9A-Z]{16}|gh[opsur]_\w{20,}|xox[abeoprs]-[\w-]{8,})/g,
];

/** We do not know the secrets of a machine; what has the shape of one is not passed on. */
export function hideSecrets(text: string): string {
  return SECRETS.reduce((rest, pattern) => rest.replace(pattern, '$1***'), text);
}
