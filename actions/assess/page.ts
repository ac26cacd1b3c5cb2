import { listOff } from '../../src/model/still-off.ts';
import { describeService } from '../../src/operations/service-dependencies.ts';
import type { Survey } from '../../src/operations/survey.ts';
import { seconds } from '../common/log.ts';
import { escapeMarkdown, escapeMermaid, markdownTable } from '../common/markdown.ts';

interface PageOptions {
  service: string;
  environment: string;
  /** Releases that are listed. */
  candidates: number;
}

/** The page under the run: what to do comes first, then why. */
export function renderSurvey(survey: Survey, options: PageOptions): string {
  const { recommended, targets, openIncidents, stillOff, problems } = survey;
  const level = recommended.level === undefined ? '' : `${recommended.level}. `;
  return [
    `## ${escapeMarkdown(`Assessment of ${options.service} ${options.environment}`)}`,
    '',
    `**Recommended:** ${escapeMarkdown(`${level}${recommended.why}`)}`,
    '',
    ...(recommended.command === undefined
      ? []
      : [`**Next:** ${escapeMarkdown(recommended.command)}`, '']),
    ...picture(survey),
    ...markdownTable(
      ['Target', 'Live'],
      targets.map(({ name, live }) => [name, live.known ? live.tag : `unknown: ${live.problem}`]),
    ),
    '',
    ...markdownTable(
      ['Release to go back to', '', 'Why'],
      survey.candidates
        .slice(0, options.candidates)
        .map(({ tag, colour, reasons }) => [
          tag,
          colour,
          reasons.map(({ text }) => text).join('; ') || 'nothing speaks against it',
        ]),
    ),
    '',
    ...readinessTable(survey),
    ...signalTable(survey),
    ...section('At work now', [
      ...survey.running.map(describeLease),
      ...survey.deploying.map(describeDeployment),
    ]),
    ...section('Rolled back before this one', survey.services.map(describeService)),
    ...section(
      'Differs',
      survey.drift.map(({ part, text }) => `${part} ${text}`),
    ),
    ...section(
      'Open',
      openIncidents.map(({ id }) => id),
    ),
    ...section('Off', listOff(stillOff)),
    ...section('Not known', problems),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  const items = lines.map((line) => `- ${escapeMarkdown(line)}`);
  return items.length === 0 ? [] : [`### ${title}`, '', ...items, ''];
}

/** How far apart the last known good, what is live, and the default branch are. */
function picture({ knownGood, live, changes, described }: Survey): string[] {
  const good = knownGood.release?.tag;
  if (good === undefined || live === undefined) return [];
  const { branch } = described;
  const after = branch?.description;
  const between =
    changes === undefined ? '?' : `${changes.commits} commits, ${changes.files} files`;
  return [
    '```mermaid',
    'flowchart LR',
    `  good["${escapeMermaid(good)}<br>last known good"] -->|"${between}"| live["${escapeMermaid(live)}<br>live"]`,
    ...(branch === undefined || after === undefined
      ? []
      : [`  live -.-> tip["${escapeMermaid(branch.name)}<br>${escapeMermaid(after.text)}"]`]),
    '```',
    '',
  ];
}

function readinessTable({ readiness }: Survey): string[] {
  const table = markdownTable(
    ['Level', 'Proof', 'Last proven', 'Took'],
    readiness.map(({ level, state, proof }) => [
      level,
      state === 'stale' ? 'STALE' : state,
      proof?.at ?? '-',
      proof?.took_ms === undefined ? '-' : seconds(proof.took_ms),
    ]),
  );
  return [...table, ''];
}

function signalTable({ signals }: Survey): string[] {
  if (signals.length === 0) return [];
  const table = markdownTable(
    ['Rule', 'Now', 'Measured', 'Leads to'],
    signals.map(({ rule, state, text, level }) => [
      rule,
      state === 'met' ? 'MET' : state,
      text,
      level ?? '-',
    ]),
  );
  return [...table, ''];
}

function describeLease({ resource, holder, incident, expiresAt }: Survey['running'][number]) {
  return `${holder} has ${resource} for incident ${incident} until ${expiresAt}`;
}

function describeDeployment({ ref, state, by, createdAt, url }: Survey['deploying'][number]) {
  const who = by === undefined ? '' : ` by ${by}`;
  return `deployment of ${ref} since ${createdAt}${who} (${state})${url === undefined ? '' : ` ${url}`}`;
}
