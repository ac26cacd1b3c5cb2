import type { ColumnDef, Constraint as ParsedConstraint, Node } from 'libpg-query';
import type { Column, Constraint } from '../../model/migration/change.ts';
import { nameOf, readType, textsOf } from './names.ts';
import { readDefault, readExpression } from './read-expression.ts';

const SERIAL: ReadonlyMap<string, string> = new Map([
  ['serial', 'int4'],
  ['serial4', 'int4'],
  ['bigserial', 'int8'],
  ['serial8', 'int8'],
  ['smallserial', 'int2'],
  ['serial2', 'int2'],
]);

export interface ReadColumn {
  column: Column;
  constraints: Constraint[];
}

export function readColumn(definition: ColumnDef): ReadColumn {
  const written = readType(definition.typeName);
  const serial = SERIAL.get(written.name);
  const column: Column = {
    name: definition.colname ?? '',
    type: serial === undefined ? written : { ...written, name: serial },
    notNull: serial !== undefined || definition.is_not_null === true,
    generated: false,
    numbered: serial !== undefined,
  };
  const constraints: Constraint[] = [];
  for (const one of parsedConstraints(definition.constraints)) {
    const kind: string = one.contype ?? '';
    switch (kind) {
      case 'CONSTR_NOTNULL':
        column.notNull = true;
        break;
      case 'CONSTR_DEFAULT':
        column.default = readDefault(one.raw_expr);
        break;
      case 'CONSTR_IDENTITY':
        column.numbered = true;
        column.notNull = true;
        break;
      case 'CONSTR_GENERATED':
        column.generated = true;
        break;
      default: {
        const constraint = readConstraint(one, [column.name]);
        if (constraint !== undefined) constraints.push(constraint);
      }
    }
  }
  if (constraints.some(({ kind }) => kind === 'primary')) column.notNull = true;
  return { column, constraints };
}

function parsedConstraints(nodes: readonly Node[] | undefined): ParsedConstraint[] {
  return (nodes ?? []).flatMap((node) => ('Constraint' in node ? [node.Constraint] : []));
}

/**
 * @param own the column that it stands behind, for those that name no columns
 * @returns undefined for what is no constraint on rows (DEFERRABLE, a collation)
 */
export function readConstraint(
  parsed: ParsedConstraint,
  own: readonly string[] = [],
): Constraint | undefined {
  const name = parsed.conname === undefined ? {} : { name: parsed.conname };
  const columns = (keys: readonly Node[] | undefined): string[] => {
    const named = textsOf(keys);
    return named.length > 0 ? named : [...own];
  };
  const kind: string = parsed.contype ?? '';
  switch (kind) {
    case 'CONSTR_CHECK':
      return { kind: 'check', ...name, expression: readExpression(parsed.raw_expr) };
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE':
      return {
        kind: kind === 'CONSTR_PRIMARY' ? 'primary' : 'unique',
        ...name,
        columns: columns(parsed.keys),
        nullsAreEqual: parsed.nulls_not_distinct === true,
        ...(parsed.deferrable === true ? { deferrable: true } : {}),
        ...(parsed.indexname === undefined ? {} : { index: parsed.indexname }),
      };
    case 'CONSTR_FOREIGN':
      return {
        kind: 'foreign',
        ...name,
        columns: columns(parsed.fk_attrs),
        target: nameOf(parsed.pktable),
        // c: CASCADE, n: SET NULL, d: SET DEFAULT; a and r refuse.
        onDelete: /^[cnd]$/.test(parsed.fk_del_action ?? 'a') ? 'carry on' : 'refuse',
      };
    case 'CONSTR_EXCLUSION':
      return { kind: 'exclude', ...name };
    case 'CONSTR_NOTNULL':
      return { kind: 'not null', ...name, column: columns(parsed.keys)[0] ?? '' };
    default:
      return undefined;
  }
}
