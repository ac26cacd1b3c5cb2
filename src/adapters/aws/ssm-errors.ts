/** What went wrong with a fleet, machine by machine. */

import { BackoutError } from '../../model/error.ts';
import type { ReleaseRef } from '../../ports/target.ts';
import { fencedError } from '../fenced.ts';
import type { Invocation } from './ssm-calls.ts';
import { overtakenBy, whyNot } from './ssm-fleet.ts';

/** SSM answers -1 for a script that did not run to its end. */
export function isCode(code: number | undefined): boolean {
  return code !== undefined && code >= 0;
}

/** @throws BackoutError E_FENCED, E_FENCE (refused) */
export function requireNotOvertaken(
  name: string,
  fence: number,
  answers: Iterable<Invocation>,
): void {
  for (const answer of answers) {
    const highest = overtakenBy(answer);
    if (highest === undefined) continue;
    if (!Number.isNaN(highest)) throw fencedError(name, highest, fence);
    throw new BackoutError({
      code: 'E_FENCE',
      kind: 'refused',
      message: `Whether a newer rollback has taken over ${name} cannot be told: the mark on ${answer.id} cannot be read.`,
      remedy: `Look at /var/lib/backout on ${answer.id}; remove the damaged file, then try again.`,
    });
  }
}

/** @throws BackoutError E_ARTEFACT_MISSING (refused), or E_PREFLIGHT where a machine gave no answer */
export function requireYes(
  name: string,
  { tag }: ReleaseRef,
  answers: ReadonlyMap<string, Invocation>,
): void {
  const not = [...answers.values()].filter(({ status }) => status !== 'Success');
  if (not.length === 0) return;
  // An exit code is the program's answer; no exit code is no answer.
  const answered = not.filter(({ status, code }) => status === 'Failed' && isCode(code));
  const said = (answered.length > 0 ? answered : not).map((one) => `${one.id}: ${whyNot(one)}`);
  throw new BackoutError({
    code: answered.length > 0 ? 'E_ARTEFACT_MISSING' : 'E_PREFLIGHT',
    kind: answered.length > 0 ? 'refused' : 'failed',
    message: `${tag} cannot be deployed to ${not.length} machines of ${name}: ${said.slice(0, 5).join('; ')}.`,
    state: `${name} was not touched.`,
    remedy: 'Choose another release with `backout assess`, or mend what the machines say.',
    retryable: answered.length === 0,
  });
}

export function nobodyThere(
  { name, instances }: { name: string; instances: Readonly<Record<string, string>> },
  registered: number,
): BackoutError {
  const tags = Object.entries(instances).map(([key, value]) => `${key}=${value}`);
  return new BackoutError({
    code: 'E_PREFLIGHT',
    message:
      registered === 0
        ? `No machine registered with SSM has the tags ${tags.join(', ')} of ${name}.`
        : `No command reaches any of the ${registered} machines of ${name}.`,
    remedy: 'Check the tags, the region and the SSM agent of the machines.',
    retryable: registered > 0,
  });
}

/** Machine by machine, because somebody has to look at exactly those. */
export function mixedError(
  name: string,
  { tag }: ReleaseRef,
  result: {
    done: number;
    fleet: number;
    failed: ReadonlyMap<string, string>;
    untried: readonly string[];
    unreached: readonly string[];
  },
): BackoutError {
  const { done, fleet, failed, untried, unreached } = result;
  const lines = [
    ...[...failed].map(([id, why]) => `${id}: ${why}`),
    ...unreached.map((id) => `${id}: no command reaches it`),
    ...(untried.length === 0 ? [] : [`not tried after that: ${untried.join(', ')}`]),
  ];
  return new BackoutError({
    code: 'E_DEPLOY',
    kind: 'uncertain',
    message: `${tag} is on ${done} of ${fleet} machines of ${name}. ${lines.slice(0, 20).join('; ')}.`,
    state: `The machines of ${name} run different releases.`,
    remedy:
      'Mend those machines, or take them out of the fleet by their tags. Then `backout incident resume` goes on to the same release, with the machines that do not have it.',
  });
}
