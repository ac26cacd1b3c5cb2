import {
  type AuditReport,
  countKinds,
  firstReason,
  WORST_FIRST,
} from '../../src/model/migration/audit-report.ts';
import { isSafe, type Kind } from '../../src/model/migration/finding.ts';
import { labelled, wrap } from './text.ts';

/** More than this nobody reads on a screen; the JSON has all. */
const MOST = 20;

/** The verdict first, then what makes it, worst first, then what is worth a look. */
export function renderAudit(report: AuditReport): string {
  const { from, to, migrations, history, databases, notes, folders } = report;
  const first = firstReason(report);
  const counts = countKinds(migrations);
  const safe = counts.additive + counts.compatible;
  const cautions = migrations.filter(({ caution }) => caution !== undefined);
  const listed = itemsOf(report);
  return [
    wrap(headline(report), '', '  '),
    ...(first === undefined ? [] : [labelled('First', first)]),
    ...(listed.length === 0 ? [] : ['', `What ${to.tag} did to the database since ${from.tag}`]),
    ...listed
      .slice(0, MOST)
      .map(({ kind, where, what, why }) =>
        [
          wrap(`${where}${what === '' ? '' : `: ${what}`}`, `  ${kind.padEnd(14)}`, ' '.repeat(16)),
          wrap(why, ' '.repeat(16)),
        ].join('\n'),
      ),
    ...(listed.length > MOST ? [`  … and ${listed.length - MOST} more: --json has all`] : []),
    ...(cautions.length === 0 ? [] : ['', 'Safe, but worth a look']),
    ...cautions
      .slice(0, MOST)
      .map(({ file, line, caution }) => wrap(`${file}:${line}: ${caution ?? ''}`, '  ', '    ')),
    '',
    labelled(
      'Safe',
      `${safe} of ${migrations.length} statements (${counts.additive} additive, ${counts.compatible} compatible)`,
    ),
    ...folders.map(({ folder, tool, old, added }) =>
      labelled(
        'Folder',
        `${folder} (${tool}): ${old} migrations in ${from.tag}, ${added} more in ${to.tag}`,
      ),
    ),
    ...databases.map(({ applied, table, tool }) =>
      labelled('Applied', `${applied} migrations, says ${table} (${tool})`),
    ),
    ...history
      .filter(({ kind }) => isSafe(kind))
      .map(({ file, why }) => labelled('Note', `${file}: ${why}`)),
    ...databases
      .flatMap(({ problems }) => problems)
      .filter(({ kind }) => isSafe(kind))
      .map(({ migration, why }) => labelled('Note', `${migration}: ${why}`)),
    ...notes.map((note) => labelled('Note', note)),
  ].join('\n');
}

function headline({ verdict, from, to }: AuditReport): string {
  switch (verdict) {
    case 'safe':
      return `SAFE: ${to.tag} can be rolled back to ${from.tag} by application alone`;
    case 'breaking':
      return `BREAKING: code of ${from.tag} does not work with the database of ${to.tag}`;
    case 'needs-a-human':
      return `NEEDS A HUMAN: whether code of ${from.tag} works with the database of ${to.tag}`;
    default:
      return verdict satisfies never;
  }
}

interface Item {
  kind: Kind;
  where: string;
  what: string;
  why: string;
}

function itemsOf({ migrations, history, databases }: AuditReport): Item[] {
  const items: Item[] = [
    ...migrations.map(({ kind, file, line, statement, why }) => ({
      kind,
      where: `${file}:${line}`,
      what: statement,
      why,
    })),
    ...history.map(({ kind, file, problem, why }) => ({ kind, where: file, what: problem, why })),
    ...databases
      .flatMap(({ problems }) => problems)
      .map(({ kind, migration, problem, why }) => ({
        kind,
        where: migration,
        what: problem,
        why,
      })),
  ];
  return items
    .filter(({ kind }) => !isSafe(kind))
    .toSorted((a, b) => WORST_FIRST.indexOf(a.kind) - WORST_FIRST.indexOf(b.kind));
}
