/** The audit as a comment on a pull request. Everything from the repository is made harmless. */
import { type AuditReport, countKinds, firstReason, WORST_FIRST } from './audit-report.ts';
import { type Finding, isSafe, type Kind } from './finding.ts';

/** A comment stays readable, and below what hosts take. */
const MOST_ROWS = 50;
const LONGEST_CELL = 300;

/** @param live what the newer release is called in the headline; left out: by its tag */
export function auditMarkdown(report: AuditReport, live?: string): string {
  const { from, to, migrations, history, databases, notes } = report;
  const first = firstReason(report);
  const rows: Row[] = [
    ...migrations.filter(({ kind }) => !isSafe(kind)).map(statementRow),
    ...history
      .filter(({ kind }) => !isSafe(kind))
      .map(({ kind, file, why, problem }) => ({ kind, where: file, what: problem, why })),
    ...databases
      .flatMap(({ problems }) => problems)
      .filter(({ kind }) => !isSafe(kind))
      .map(({ kind, migration, why, problem }) => ({ kind, where: migration, what: problem, why })),
  ].toSorted((a, b) => WORST_FIRST.indexOf(a.kind) - WORST_FIRST.indexOf(b.kind));
  const cautions = [...new Set(migrations.flatMap(({ caution }) => caution ?? []))];
  const counts = countKinds(migrations);
  return [
    `### ${headline(report, live)}`,
    '',
    ...(first === undefined ? [] : [`Because of ${plain(first)}`, '']),
    ...(rows.length === 0 ? [] : [...table(rows), '']),
    `${counts.additive + counts.compatible} of ${migrations.length} statements between ${code(from.tag)} and ${code(to.tag)} leave the old code working.`,
    ...(cautions.length === 0 ? [] : ['', 'Worth a look all the same:', '']),
    ...cautions.slice(0, MOST_ROWS).map((caution) => `- ${plain(caution)}`),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => `> ${plain(note)}`)]),
    '',
  ].join('\n');
}

function headline({ verdict, from, to: { tag } }: AuditReport, live?: string): string {
  const it = live === undefined ? code(tag) : plain(live);
  switch (verdict) {
    case 'safe':
      return `${it} can be rolled back to ${code(from.tag)} by application alone`;
    case 'breaking':
      return `${it} cannot be rolled back to ${code(from.tag)} by application alone`;
    case 'needs-a-human':
      return `Whether ${live === undefined ? it : it.toLowerCase()} can be rolled back to ${code(from.tag)} by application alone needs a human`;
    default:
      return verdict satisfies never;
  }
}

interface Row {
  kind: Kind;
  where: string;
  what: string;
  why: string;
}

function statementRow({ kind, file, line, statement, why }: Finding): Row {
  return { kind, where: `${file}:${line}`, what: statement, why };
}

function table(rows: readonly Row[]): string[] {
  const more = rows.length - MOST_ROWS;
  return [
    '| | where | what | why |',
    '|---|---|---|---|',
    ...rows
      .slice(0, MOST_ROWS)
      .map(
        ({ kind, where, what, why }) =>
          `| ${kind} | ${code(where)} | ${code(what)} | ${plain(why)} |`,
      ),
    ...(more > 0 ? ['', `… and ${more} more.`] : []),
  ];
}

/** Every sign that could mean something to Markdown or HTML becomes a number. */
function plain(text: string): string {
  return (
    cut(text)
      .replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')
      .replaceAll(/[^\p{L}\p{M}\p{N} .,:/-]/gu, (sign) => `&#${sign.codePointAt(0) ?? 32};`)
      // Hosts look for people and issues in what is shown, where the number is a sign again.
      .replaceAll(/&#(?:64|35);/g, (sign) => `${sign}&#8203;`)
      .replaceAll(
        /(https?|www)([:.])/gi,
        (_, word: string, sign: string) => `${word}&#${sign.codePointAt(0)};`,
      )
  );
}

/** As code: the element takes numbers of signs, which code in backticks does not. */
function code(text: string): string {
  return text === '' ? '' : `<code>${plain(text)}</code>`;
}

function cut(text: string): string {
  const signs = Array.from(text);
  return signs.length > LONGEST_CELL ? `${signs.slice(0, LONGEST_CELL - 1).join('')}…` : text;
}
