import { listOff } from '../../src/model/still-off.ts';
import type { Candidate } from '../../src/operations/assess.ts';
import { describeService } from '../../src/operations/service-dependencies.ts';
import type { Described, Survey } from '../../src/operations/survey.ts';
import { renderDeployments } from './deployments.ts';
import { describeGuard } from './guard.ts';
import { renderReadiness, renderRunning, renderSignals } from './surroundings.ts';
import { formatInstant } from './time.ts';
import { cut, labelled, nextLine, table, wrap } from './text.ts';

/** Of the commits that go away: the rest is counted, and in the JSON. */
const COMMITS_SHOWN = 5;
const PATHS_SHOWN = 3;

interface Options {
  /** Releases that are listed. */
  candidates: number;
  /** Milliseconds since 1970: ages are told. */
  now: number;
  /** A further command with the options of this one, ready to be pasted. */
  again: (command: string) => string;
}

/** Where we are and where we could go back to, on one screen. */
export function renderAssessment(survey: Survey, { candidates, now, again }: Options): string {
  const { targets, knownGood, openIncidents, stillOff, recommended, described } = survey;
  const live = targets.map(({ name, live: said }) => {
    const found = described.live.find((one) => one.name === name);
    return [`  ${name}`, said.known ? describeLive(said.tag, found) : `unknown: ${said.problem}`];
  });
  const branch = described.branch === undefined ? [] : [branchRow(described.branch)];
  const good = knownGood.release;
  const listed = survey.candidates
    .slice(0, candidates)
    .map((one) => [`  ${one.tag}`, one.colour, describeCandidate(one, one.tag === good?.tag)]);
  const level = recommended.level === undefined ? '' : `${recommended.level}. `;
  return [
    'Live now',
    live.length === 0 ? '  no target is configured' : table([...live, ...branch]),
    '',
    'Releases to go back to',
    listed.length === 0 ? '  none is known' : table(listed),
    ...renderChanges(survey),
    '',
    labelled('Proven', renderReadiness(survey.readiness, now)),
    ...renderSignals(survey.signals).map((text) => labelled('Signals', text)),
    ...renderRunning(survey.running).map((text) => labelled('Running', text)),
    labelled('Open', openIncidents.map(({ id }) => id).join(', ') || 'no incident'),
    ...survey.services.map((one) => labelled('Before', describeService(one))),
    labelled('Off', listOff(stillOff).join(', ') || 'nothing'),
    ...renderDeployments(survey),
    labelled('Guard', describeGuard(survey.guard, now, again)),
    ...survey.problems.map((problem) => labelled('Problem', problem)),
    '',
    wrap(`Recommended: ${level}${recommended.why}`, '', '  '),
    ...(recommended.command === undefined ? [] : [nextLine(again(recommended.command))]),
  ].join('\n');
}

/** The release as the target names it, and where its commit really stands when that differs. */
function describeLive(tag: string, found: Described | undefined): string {
  const { description } = found ?? {};
  if (description === undefined || (description.tag === tag && description.distance === 0)) {
    return tag;
  }
  return `${tag}; its commit is ${description.text}`;
}

/** `main is 3 commits after v1.4.0 (v1.4.0-3-gabc1234)` */
function branchRow({ name, description }: Described): string[] {
  const row = (text: string): string[] => [`  ${name}`, text];
  if (description === undefined) return row('no release is in its history');
  const { tag, distance, text } = description;
  if (distance === 0) return row(`is at ${tag}`);
  return row(`is ${count(distance, 'commit')} after ${tag} (${text})`);
}

function renderChanges({ knownGood, commits, changes }: Survey): string[] {
  if (commits.length === 0 && (changes === undefined || changes.files === 0)) return [];
  const shown = commits.slice(0, COMMITS_SHOWN);
  const counted = changes === undefined ? '' : `: ${count(changes.commits, 'commit')}`;
  const files = changes === undefined ? '' : `, ${count(changes.files, 'file')} changed`;
  const total = changes?.commits ?? commits.length;
  const rest = total - shown.length;
  const paths = changes?.paths.slice(0, PATHS_SHOWN) ?? [];
  const others = (changes?.files ?? 0) - paths.length;
  return [
    '',
    wrap(`Going back to ${knownGood.release?.tag ?? ''} takes away${counted}${files}`, '', '  '),
    ...shown.map(({ commit, subject }) => cut(`  ${commit.slice(0, 10)}  ${subject}`, 80)),
    ...(rest > 0 ? [`  … and ${count(rest, 'commit')} more`] : []),
    ...(paths.length === 0
      ? []
      : [wrap(paths.join(', ') + (others > 0 ? ` and ${others} more` : ''), '  in ', '     ')]),
  ];
}

function count(number: number, thing: string): string {
  return `${number.toLocaleString('en')} ${thing}${number === 1 ? '' : 's'}`;
}

/** When it was live and how that went, and all that speaks against it. */
function describeCandidate({ release, reasons }: Candidate, isKnownGood: boolean): string {
  const was =
    release === undefined ? [] : [`${release.status}, live ${formatInstant(release.deployedAt)}`];
  const known = isKnownGood ? ['last known good'] : [];
  return [...known, ...was, ...reasons.map(({ code, text }) => `${code}: ${text}`)].join('; ');
}
