/** The reference part of docs/configuration.md, written from the descriptions of the schema. */
import { MATRIX, type MatrixRow } from '../../src/config/sections/matrix.ts';
import type { SchemaNode } from './json-schema.ts';

/** Sections whose named entries come with Backout; the table shows an entry of one's own. */
const WITH_DEFAULT_ENTRIES = new Set(['rules', 'escalation']);

/** Sections with keys of their own have a table; the others share the first one. */
function isBlock([, node]: [string, SchemaNode]): boolean {
  return (
    node.properties !== undefined ||
    node.oneOf !== undefined ||
    typeof node.additionalProperties === 'object'
  );
}

/** One heading per section of the file, each with its tables. */
export function renderTables(schema: SchemaNode): string {
  const sections = Object.entries(schema.properties ?? {});
  const plain = sections.filter((section) => !isBlock(section));
  const top = table(
    plain.flatMap(([key, node]) => rows(key, node, schema.required?.includes(key) ?? false)),
  );
  return [
    '### Top level',
    '',
    ...top,
    '',
    ...sections.filter(isBlock).flatMap(([key, node]) => renderSection(key, node)),
  ]
    .join('\n')
    .trimEnd();
}

function renderSection(key: string, node: SchemaNode): string[] {
  const lines = [`### ${key}`, '', node.description ?? '', ''];
  if (WITH_DEFAULT_ENTRIES.has(key)) {
    if (key === 'rules') lines.push(...matrixTable(), '');
    else lines.push(...entriesTable(node), '');
    lines.push(
      'Every entry may have these keys; one of your own needs those marked *required*.',
      '',
    );
    return [...lines, ...kindTables({ ...node, properties: undefined })];
  }
  return [...lines, ...kindTables(node)];
}

/** A table, or one per kind where a section has kinds. */
function kindTables(node: SchemaNode): string[] {
  const entry = typeof node.additionalProperties === 'object' ? node.additionalProperties : node;
  const prefix = entry === node ? '' : 'NAME';
  if (entry.oneOf === undefined) return [...table(rows(prefix, entry, false)), ''];
  return entry.oneOf.flatMap((variant) => {
    const kind = variant.properties?.['kind'];
    return [
      `#### kind: ${String(kind?.const)}`,
      '',
      kind?.description ?? '',
      '',
      ...table(
        Object.entries(variant.properties ?? {})
          .filter(([key]) => key !== 'kind')
          .flatMap(([key, one]) =>
            rows(join(prefix, key), one, variant.required?.includes(key) ?? false),
          ),
      ),
      '',
    ];
  });
}

interface Row {
  key: string;
  type: string;
  meaning: string;
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** A row for a value; for a block, its own description and then a row for each of its keys. */
function rows(path: string, node: SchemaNode, required: boolean): Row[] {
  const own: Row[] =
    path === '' || path === 'NAME'
      ? []
      : [
          {
            key: path,
            type: typeName(node),
            meaning: (required ? '*required* ' : '') + (node.description ?? ''),
          },
        ];
  return [...own, ...inner(path, node)];
}

function inner(path: string, node: SchemaNode): Row[] {
  const found = Object.entries(node.properties ?? {}).flatMap(([key, one]) =>
    rows(join(path, key), one, node.required?.includes(key) ?? false),
  );
  if (typeof node.additionalProperties === 'object') {
    found.push(...inner(join(path, 'NAME'), node.additionalProperties));
  }
  if (node.items !== undefined) found.push(...inner(`${path}[]`, node.items));
  for (const variant of [...(node.oneOf ?? []), ...(node.anyOf ?? [])]) {
    const kind = variant.properties?.['kind']?.const;
    found.push(...inner(kind === undefined ? path : `${path} (${String(kind)})`, variant));
  }
  return found;
}

function typeName(node: SchemaNode): string {
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((one) => `\`${String(one)}\``).join(', ');
  const variants = node.anyOf ?? node.oneOf;
  if (variants !== undefined) return [...new Set(variants.map(typeName))].join(' or ');
  if (node.pattern?.startsWith('^(?=\\d)(\\d+d)') === true) return 'duration';
  if (node.pattern?.endsWith('%$') === true) return 'percentage';
  if (node.pattern?.startsWith('^(env:') === true) return 'reference';
  if (node.type === 'array') {
    return `list of ${node.items === undefined ? 'values' : typeName(node.items)}`;
  }
  const types = [node.type ?? 'any value'].flat();
  return types.map((one) => TYPES[one] ?? one).join(' or ');
}

const TYPES: Record<string, string> = {
  object: 'block',
  string: 'text',
  integer: 'whole number',
  boolean: 'true or false',
};

function table(content: readonly Row[]): string[] {
  return [
    '| Key | Type | Meaning |',
    '|---|---|---|',
    ...content.map((row) => `| \`${row.key}\` | ${cell(row.type)} | ${cell(row.meaning)} |`),
  ];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** The default rows, as one table that a person can compare with the runbook. */
function matrixTable(): string[] {
  const lines = Object.entries<MatrixRow>(MATRIX).map(([id, row]) => {
    const bounds = Object.entries(row.threshold ?? {}).map(
      ([bound, value]) => `${bound.replace('_', ' ')} ${value}`,
    );
    const decision =
      row.decision === 'investigate'
        ? `investigate ${row.investigate_for}, then ${row.at_end === 'ask' ? 'ask' : 'roll back'}`
        : row.decision;
    const cells = [
      `\`${id}\``,
      row.signal,
      bounds.join(', '),
      row.for === '0s' ? '–' : row.for,
      String(row.min_requests),
      row.missing,
      decision,
      row.automatic,
      Array.isArray(row.trips) ? row.trips.join(', ') : row.trips,
      row.page.join(', '),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| Rule | Signal | Threshold | For | Minimum requests | No data | Decision | Automatic | Trips | Page |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...lines,
  ];
}

function entriesTable(node: SchemaNode): string[] {
  return [
    '| Entry | Who | After | When |',
    '|---|---|---|---|',
    ...Object.entries(node.properties ?? {}).map(([id, entry]) => {
      const value = (key: string): string => String(entry.properties?.[key]?.default);
      return `| \`${id}\` | ${entry.description ?? ''} | ${value('after')} | ${value('when')} |`;
    }),
  ];
}
