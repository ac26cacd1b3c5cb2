import { listOff } from '../../src/model/still-off.ts';
import type { Assessment } from '../../src/operations/assess.ts';
import { formatInstant } from './time.ts';
import { labelled, nextLine, table, wrap } from './text.ts';

/** Where we are and where we could go back to, on one screen. */
export function renderAssessment(
  assessment: Assessment,
  candidates: number,
  again: (command: string) => string,
): string {
  const { targets, knownGood, releases, commits, openIncidents, stillOff, recommended } =
    assessment;
  const live = targets.map(({ name, live: said }) => [
    `  ${name}`,
    said.known ? said.tag : `unknown: ${said.problem}`,
  ]);
  const good = knownGood.release;
  const rejected = new Map(knownGood.rejected.map(({ tag, why }) => [tag, why]));
  const listed = releases
    .toSorted((a, b) => (a.deployedAt < b.deployedAt ? 1 : -1))
    .slice(0, candidates)
    .map((release) => [
      `  ${release.tag}`,
      release.status,
      formatInstant(release.deployedAt),
      release.tag === good?.tag ? 'last known good' : (rejected.get(release.tag) ?? ''),
    ]);
  const taken = commits.map(({ commit, subject }) => [`  ${commit.slice(0, 10)}`, subject]);
  const level = recommended.level === undefined ? '' : `${recommended.level}. `;
  return [
    'Live now',
    live.length === 0 ? '  no target is configured' : table(live),
    '',
    'Releases',
    listed.length === 0 ? '  none is recorded' : table(listed),
    ...(taken.length === 0
      ? []
      : ['', `Commits that going back to ${good?.tag ?? ''} takes away`, table(taken)]),
    '',
    labelled('Open', openIncidents.map(({ id }) => id).join(', ') || 'no incident'),
    labelled('Off', listOff(stillOff).join(', ') || 'nothing'),
    ...assessment.problems.map((problem) => labelled('Problem', problem)),
    '',
    wrap(`Recommended: ${level}${recommended.why}`, '', '  '),
    ...(recommended.command === undefined ? [] : [nextLine(again(recommended.command))]),
  ].join('\n');
}
