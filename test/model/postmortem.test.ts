import { describe, expect, it } from 'vitest';
import { type JournalEntry, type NewEntry, verifyChain } from '../../src/model/journal.ts';
import { chainEntry } from '../../src/model/journal-rules.ts';
import { toJson } from '../../src/model/json.ts';
import { sealPlan } from '../../src/model/plan.ts';
import { draftPostmortem } from '../../src/model/postmortem.ts';

const DAY = 86_400_000;
const due = { root_cause: DAY, fix_plan: 2 * DAY, process_gaps: 3 * DAY, fix_deployment: 4 * DAY };
const plan = sealPlan({
  service: 'storefront',
  environment: 'production',
  level: 'application',
  from: 'v1.2.0',
  to: 'v1.1.0',
  config_hash: 'c'.repeat(64),
  budget_ms: 300_000,
  budget_ends_with: 'deploy:web',
  resources: [],
  steps: [],
});

type Given = Pick<NewEntry, 'kind'> & Partial<NewEntry>;

/** Entries a minute apart, chained. */
function journal(...given: Given[]): JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (const [index, entry] of given.entries()) {
    const content: NewEntry = {
      service: 'storefront',
      environment: 'production',
      incident: 'incident1',
      key: `incident1/${index}`,
      at: new Date(Date.UTC(2025, 0, 12, 3, index)).toISOString(),
      actor: 'kim',
      text: `Entry ${index}`,
      data: {},
      ...entry,
    };
    entries.push(chainEntry(content, entries.at(-1)));
  }
  return entries;
}

function draft(entries: JournalEntry[], stillOff: string[] = []): string {
  const chain = verifyChain(entries);
  return draftPostmortem({ incident: 'incident1', entries, chain, stillOff, due });
}

/** Lines between a heading and the next one, without empty ones. */
function section(markdown: string, heading: string): string[] {
  const [, after = ''] = markdown.split(`## ${heading}\n`);
  return (after.split('\n## ')[0] ?? '').split('\n').filter((line) => line !== '');
}

const opened = (reason: string, more: Partial<NewEntry> = {}): Given => ({
  kind: 'incident-opened',
  text: `Incident opened: ${reason}`,
  data: { reason, rule: 'critical-errors' },
  ...more,
});
const started: Given = {
  kind: 'execution-started',
  data: { execution: 'x', plan: toJson(plan) },
};
const step = (kind: 'intent' | 'outcome', outcome?: string): Given => ({
  kind,
  text: kind === 'intent' ? 'Will bring v1.1.0 to web.' : `Bring v1.1.0 to web: ${outcome}.`,
  data: { execution: 'x', step: 'deploy:web', attempt: 1, ...(outcome && { outcome }) },
});

describe('the draft of a postmortem', () => {
  it('says what happened from the journal alone', () => {
    const markdown = draft(
      journal(opened('error rate 21 %'), started, step('intent'), step('outcome', 'done'), {
        kind: 'execution-ended',
        data: { execution: 'x', outcome: 'done', within_budget_ms: 42_000 },
      }),
      ['sales=false'],
    );
    expect(section(markdown, 'Summary').join('\n')).toMatch(
      /storefront production[^]*error rate 21 %[^]*critical-errors[^]*\(240 s\)[^]*`sales=false`/,
    );
    expect(markdown).toContain('### Rollback v1.2.0 → v1.1.0');
    expect(markdown).toContain('| application | 42 s | 300 s | done |');
    expect(section(markdown, 'Not proven')).toEqual(['Every step is proven.']);
    expect(section(markdown, 'To do by people')).toEqual([
      expect.stringMatching(/^- \[ \] Root cause \(to do, due 2025-01-13\)$/),
      expect.stringContaining('2025-01-14'),
      expect.stringContaining('2025-01-15'),
      expect.stringContaining('2025-01-16'),
    ]);
  });

  it('has every entry that is news in its timeline, with its time and a part of its hash', () => {
    const entries = journal(opened('slow'), started, step('intent'), step('outcome', 'failed'));
    const [, , ...rows] = section(draft(entries), 'Timeline').filter((line) =>
      line.startsWith('|'),
    );
    const news = entries.filter(({ kind }) => kind !== 'intent');
    expect(rows).toHaveLength(news.length);
    for (const [index, { at, hash }] of news.entries()) {
      expect(rows[index]).toContain(at);
      expect(rows[index]).toContain(hash.slice(0, 12));
    }
  });

  it.each<[string, Given[], string]>([
    ['an intent without an outcome', [step('intent')], 'No outcome is recorded'],
    ['a step that failed', [step('intent'), step('outcome', 'failed')], 'web: failed'],
    ['a step nobody can tell of', [step('intent'), step('outcome', 'unknown')], 'web: unknown'],
  ])('lists as not proven: %s', (_, given, expected) => {
    const lines = section(draft(journal(opened('slow'), started, ...given)), 'Not proven');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(expected);
  });

  it('counts a step as proven that was done in the end', () => {
    const entries = journal(
      started,
      step('outcome', 'unknown'),
      step('intent'),
      step('outcome', 'done'),
    );
    expect(section(draft(entries), 'Not proven')).toEqual(['Every step is proven.']);
  });

  it('says when the journal was tampered with, and where', () => {
    const entries = journal(opened('slow'), started, step('outcome', 'done'));
    const tampered = entries.map((one) => (one.seq === 2 ? { ...one, text: 'Nothing' } : one));
    expect(draft(entries)).toContain('their chain is intact up to');
    expect(draft(tampered)).toMatch(/\*\*The journal's chain is broken at entry 2: its content/);
    expect(draft(tampered)).not.toContain('intact');
  });

  it.each([
    ['maria', '- Commander: maria'],
    ['a | b', '- Commander: a \\| b'],
    [undefined, '- Commander: not assigned'],
  ])('names who led: %s', (commander, line) => {
    const entries = journal(opened('slow'));
    const chain = verifyChain(entries);
    const input = { incident: 'incident1', entries, chain, stillOff: [], due };
    expect(section(draftPostmortem({ ...input, commander }), 'Summary')).toContain(line);
  });

  it('goes from what happened first to what happened last, in whichever order it was stored', () => {
    const late: Given = { kind: 'signal', at: '2025-01-12T02:40:00.000Z' };
    const lines = section(draft(journal(opened('slow'), started, late)), 'Summary').join('\n');
    expect(lines).toMatch(/From 2025-01-12T02:40:00\.000Z to 2025-01-12T03:01:00\.000Z \(1260 s\)/);
  });

  it('can be made of nothing at all', () => {
    const markdown = draft([]);
    expect(markdown).toContain('# Postmortem incident1');
    expect(markdown).not.toMatch(/undefined|NaN|Invalid/);
  });
});

/** What people, and whoever can raise an alarm, may type as a reason. */
const HOSTILE: [string, string, RegExp][] = [
  ['a table cell', 'a | zq | c', /(?<!\\)\| zq/],
  ['a link', '[x](javascript:alert(1))', /(?<!\\)\[x/],
  ['an image', '![x](https://example.org/x.png)', /(?<!\\)!(?!\[)|(?<!\\)\[x/],
  ['a tag', '<script>alert(1)</script>', /(?<!\\)<script/],
  ['a comment that hides the rest', '<!-- ', /(?<!\\)<!/],
  ['an entity that becomes a sign', '&#x202e;evil', /(?<!\\)&/],
  ['an entity with a name', '&rlm;&commat;kim', /(?<!\\)&/],
  ['a heading', 'x\n## Not proven\nEvery step is proven.', /^## Not proven\nEvery/m],
  ['a finished task', 'x\n- [x] Root cause', /^- \[x\]/m],
  ['a fence', '```\nx', /^```/m],
  ['code', 'x `y` z', /(?<!\\)`y/],
  ['emphasis', '**bold** __bold__ ~~gone~~', /(?<!\\)[*_~]{2}/],
  ['a writing direction', 'ab\u202edc', /\u202e/],
  ['an isolate', 'ab\u2066dc', /\u2066/],
  ['something that cannot be seen', 'a\u200bb\ufeffc', /[\u200b\ufeff]/],
  ['control signs', 'a\u0000b\u001b[2Jc\u0007', /[\p{Cc}--\n]/v],
  ['an expression of a workflow', '${{ secrets.TOKEN }}', /\$\{\{/],
  ['a command of a job log', 'x\n::set-output name=a::b', /^::/m],
  ['a carriage return', 'x\r\n# y', /^# y/m],
  ['a line separator', 'x\u2028# y', /\u2028|^# y/m],
  ['a backslash before the escape', 'a \\| zq', /(?<!\\)(\\\\)*\| zq/],
];

describe('what people typed', () => {
  it.each(HOSTILE)('is plain text in the draft: %s', (_, reason, markup) => {
    const hostile = journal(
      opened(reason, { actor: reason }),
      { kind: 'note', text: reason, data: { execution: 'x', step: 's' } },
      { kind: 'outcome', text: reason, data: { execution: 'x', step: 's', outcome: 'failed' } },
      { kind: 'execution-started', data: { execution: 'x', plan: toJson(plan) } },
      { kind: 'execution-ended', data: { execution: 'x', outcome: reason } },
    );
    const harmless = journal(
      ...hostile.map(({ kind, data }) => ({
        kind,
        text: 'word',
        data: kind === 'incident-opened' ? { reason: 'word', rule: 'word' } : data,
      })),
    );
    const markdown = draft(hostile, [`flag=${reason}`]);
    const structure = section(markdown, 'Summary')
      .filter((line) => line.startsWith('- Still off'))
      .join('');
    expect(markdown.replace(structure, '').replaceAll(/`[^`\n]*`/g, '')).not.toMatch(markup);
    // Nothing it says adds a line, a heading, or a column to a table.
    expect(markdown.split('\n')).toHaveLength(draft(harmless, ['flag']).split('\n').length);
    const columns = section(markdown, 'Timeline').map((line) => line.match(/(?<!\\)\|/g)?.length);
    expect(new Set(columns.filter((count) => count !== undefined))).toEqual(new Set([5]));
  });

  it.each(['a`b', 'a\nb', 'a\u202eb', 'a\u0000b'])('cannot leave its code span: %j', (name) => {
    const line = section(draft([], [name]), 'Summary').find((one) => one.includes('Still off'));
    expect(line).toMatch(/^- Still off when this was drafted: `[^`\p{Cc}\u202e]*`$/u);
  });

  it('cannot leave its code span as the name of a rule', () => {
    const rule = 'x` <b> \u202e`';
    const entries = journal(opened('slow', { data: { reason: 'slow', rule } }));
    const line = section(draft(entries), 'Summary').find((one) => one.includes('Rule'));
    expect(line).toMatch(/^- Rule: `[^`\u202e]*`$/);
  });
});
