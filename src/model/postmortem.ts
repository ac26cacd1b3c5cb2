import type { ChainCheck, JournalEntry } from './journal.ts';
import type { Json } from './json.ts';
import { type Plan, readPlan } from './plan.ts';

export interface PostmortemInput {
  incident: string;
  /** The incident's entries in order. */
  entries: readonly JournalEntry[];
  chain: ChainCheck;
  /** What is off at the time of drafting. */
  stillOff: string[];
  due: PostmortemDue;
  /** Who led; left out where nobody did. */
  commander?: string | undefined;
}

/** When each mandatory task is due, in milliseconds after the incident's last entry. */
export interface PostmortemDue {
  root_cause: number;
  fix_plan: number;
  process_gaps: number;
  fix_deployment: number;
}

/**
 * The draft of a postmortem, from the journal only: nobody's memory is in it. People fill in the
 * parts that say so.
 */
export function draftPostmortem(input: PostmortemInput): string {
  const { incident, entries, chain, stillOff } = input;
  // In order of happening: a complaint can be reported long after it was made.
  const inTime = entries.toSorted((a, b) => (a.at === b.at ? 0 : a.at < b.at ? -1 : 1));
  const first = inTime[0];
  const last = inTime.at(-1);
  const opened = entries.find(({ kind }) => kind === 'incident-opened');
  return [
    `# Postmortem ${incident}`,
    '',
    '> Drafted by Backout from the journal. Times are UTC. Complete the parts marked “to do”.',
    '',
    '## Summary',
    '',
    `- Service: ${code(`${first?.service ?? '?'} ${first?.environment ?? ''}`.trim())}`,
    `- Reason given: ${inline(text(opened?.data['reason']) ?? 'not recorded')}`,
    `- Rule: ${code(text(opened?.data['rule']) ?? 'not recorded')}`,
    `- Commander: ${inline(input.commander ?? 'not assigned')}`,
    `- From ${first?.at ?? '?'} to ${last?.at ?? '?'}${lasted(first, last)}`,
    `- Still off when this was drafted: ${stillOff.length === 0 ? 'nothing' : stillOff.map(code).join(', ')}`,
    '',
    '## What was done',
    '',
    ...executions(entries),
    '## Timeline',
    '',
    '| time (UTC) | what | by | proof |',
    '|---|---|---|---|',
    ...entries.filter(isNews).map((entry) => {
      const { at, actor, hash } = entry;
      return `| ${at} | ${cell(entry.text)} | ${cell(actor)} | ${code(hash.slice(0, 12))} |`;
    }),
    '',
    chain.intact
      ? `The journal has ${chain.entries} entries; their chain is intact up to ${code(chain.head)}.`
      : `**The journal's chain is broken at entry ${chain.seq}: ${inline(chain.problem)}.**`,
    '',
    '## Not proven',
    '',
    ...unproven(entries),
    '',
    '## To do by people',
    '',
    ...tasks(input.due, last?.at),
    '',
  ].join('\n');
}

/** Intents are told again by their outcomes, and progress messages repeat the steps. */
function isNews({ kind, data }: JournalEntry): boolean {
  return kind !== 'intent' && !(kind === 'message' && data['code'] === 'progress');
}

function executions(entries: readonly JournalEntry[]): string[] {
  const lines: string[] = [];
  for (const started of entries.filter(({ kind }) => kind === 'execution-started')) {
    const plan = readPlan(started.data['plan']);
    const id = started.data['execution'];
    const ended = entries.findLast(
      ({ kind, data }) => kind === 'execution-ended' && data['execution'] === id,
    );
    if (plan === undefined) continue;
    lines.push(`### ${planTitle(plan)}`, '');
    lines.push('| level | measured | budget | ended |', '|---|---|---|---|');
    const measured = ended?.data['within_budget_ms'];
    lines.push(
      `| ${plan.level ?? 'none'} | ${typeof measured === 'number' ? seconds(measured) : 'not reached'} | ${seconds(plan.budget_ms)} | ${cell(text(ended?.data['outcome']) ?? 'did not end')} |`,
      '',
    );
  }
  return lines;
}

function planTitle(plan: Plan): string {
  if (plan.level === undefined) return 'Maintenance';
  if (plan.level === 'flags') return 'Safe state';
  const what = plan.undoes === undefined ? 'Rollback' : 'Return';
  return `${what} ${inline(plan.from ?? 'unknown release')} → ${inline(plan.to ?? '?')}`;
}

function unproven(entries: readonly JournalEntry[]): string[] {
  const open = new Map<string, string>();
  for (const entry of entries) {
    const { execution, step } = entry.data;
    if (typeof execution !== 'string' || typeof step !== 'string') continue;
    const id = `${execution}/${step}`;
    if (entry.kind === 'intent') open.set(id, `${entry.text} No outcome is recorded.`);
    if (entry.kind === 'outcome') {
      if (entry.data['outcome'] === 'done') open.delete(id);
      else open.set(id, entry.text);
    }
  }
  if (open.size === 0) return ['Every step is proven.'];
  return [...open.values()].map((line) => `- ${inline(line)}`);
}

const TASKS: readonly (readonly [keyof PostmortemDue, string])[] = [
  ['root_cause', 'Root cause'],
  ['fix_plan', 'Fix plan'],
  ['process_gaps', 'Process gaps: what let it through, what made it last'],
  ['fix_deployment', 'Deployment of the fix'],
];

function tasks(due: PostmortemDue, last: string | undefined): string[] {
  const end = Date.parse(last ?? '');
  return TASKS.map(([task, words]) => {
    if (Number.isNaN(end)) return `- [ ] ${words} (to do)`;
    return `- [ ] ${words} (to do, due ${new Date(end + due[task]).toISOString().slice(0, 10)})`;
  });
}

function lasted(first: JournalEntry | undefined, last: JournalEntry | undefined): string {
  if (first === undefined || last === undefined) return '';
  return ` (${seconds(Date.parse(last.at) - Date.parse(first.at))})`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;
const text = (value: Json | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** What people typed must not become markup: escaped, and on one line. */
function inline(value: string): string {
  return (
    value
      .replaceAll(/\s+/g, ' ')
      // The ampersand too: &#x202e; would become the very sign that is taken out below.
      .replaceAll(/[\\`*_{}[\]<>#|@!~&$]/g, (sign) => `\\${sign}`)
      .replaceAll(UNSEEN, '\uFFFD')
  );
}
/** Control signs, and those that turn the writing round or cannot be seen. */
const UNSEEN = /[\p{Cc}\p{Cf}]/gu;
const cell = (value: string): string => inline(value);
const code = (value: string): string =>
  `\`${value.replaceAll('`', "'").replaceAll(/\s+/g, ' ').replaceAll(UNSEEN, '\uFFFD')}\``;
