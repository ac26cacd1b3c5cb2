import { listOff } from '../../src/model/still-off.ts';
import type { Assessment, Candidate } from '../../src/operations/assess.ts';
import { renderDeployments } from './deployments.ts';
import { formatInstant } from './time.ts';
import { labelled, nextLine, table, wrap } from './text.ts';

/** Where we are and where we could go back to, on one screen. */
export function renderAssessment(
  assessment: Assessment,
  candidates: number,
  again: (command: string) => string,
): string {
  const { targets, knownGood, commits, openIncidents, stillOff, recommended } = assessment;
  const live = targets.map(({ name, live: said }) => [
    `  ${name}`,
    said.known ? said.tag : `unknown: ${said.problem}`,
  ]);
  const good = knownGood.release;
  const listed = assessment.candidates
    .slice(0, candidates)
    .map((one) => [`  ${one.tag}`, one.colour, describeCandidate(one, one.tag === good?.tag)]);
  const taken = commits.map(({ commit, subject }) => [`  ${commit.slice(0, 10)}`, subject]);
  const level = recommended.level === undefined ? '' : `${recommended.level}. `;
  return [
    'Live now',
    live.length === 0 ? '  no target is configured' : table(live),
    '',
    'Releases to go back to',
    listed.length === 0 ? '  none is known' : table(listed),
    ...(taken.length === 0
      ? []
      : ['', `Commits that going back to ${good?.tag ?? ''} takes away`, table(taken)]),
    '',
    labelled('Open', openIncidents.map(({ id }) => id).join(', ') || 'no incident'),
    labelled('Off', listOff(stillOff).join(', ') || 'nothing'),
    ...renderDeployments(assessment),
    ...assessment.problems.map((problem) => labelled('Problem', problem)),
    '',
    wrap(`Recommended: ${level}${recommended.why}`, '', '  '),
    ...(recommended.command === undefined ? [] : [nextLine(again(recommended.command))]),
  ].join('\n');
}

/** When it was live and how that went, and all that speaks against it. */
function describeCandidate({ release, reasons }: Candidate, isKnownGood: boolean): string {
  const was =
    release === undefined ? [] : [`${release.status}, live ${formatInstant(release.deployedAt)}`];
  const known = isKnownGood ? ['last known good'] : [];
  return [...known, ...was, ...reasons.map(({ code, text }) => `${code}: ${text}`)].join('; ');
}
