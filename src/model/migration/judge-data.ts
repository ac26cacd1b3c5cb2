import type { Change, Write } from './change.ts';
import { additive, askHuman, breaking, combine, compatible, type Judgement } from './finding.ts';
import { areHarmless } from './known-functions.ts';
import { find, isNewObject, type SchemaState } from './schema-state.ts';

/**
 * Rows that a migration writes. Going back to the old release does not undo them: new rows are
 * usually what old code can live with, changed and deleted ones are for a person to judge.
 */
export function judgeData(
  state: SchemaState,
  { writes, functions }: Extract<Change, { type: 'data' }>,
): Judgement {
  const judgements = writes.map((write) => judgeWrite(state, write));
  if (!areHarmless(functions)) {
    judgements.push(askHuman('What the functions that it calls do cannot be seen.'));
  }
  return judgements.length === 0 ? compatible('It only reads.') : combine(judgements);
}

function judgeWrite(state: SchemaState, { verb, table, columns, limited }: Write): Judgement {
  if (isNewObject(state, 'table', table)) {
    const why = 'The table is not known to old code.';
    return verb === 'insert' ? additive(why) : compatible(why);
  }
  switch (verb) {
    case 'insert':
      return compatible('It adds rows; what old code wrote stays.');
    case 'update': {
      const known = find(state, 'table', table);
      return columns.length > 0 && columns.every((name) => known?.columns.get(name)?.isNew === true)
        ? compatible('It only fills columns that old code does not know.')
        : askHuman('It changes values that old code reads; going back does not bring them back.');
    }
    case 'upsert':
    case 'merge':
      return askHuman(
        'It may change rows that old code reads; going back does not bring them back.',
      );
    case 'delete':
      return limited
        ? askHuman('Whether old code misses the deleted rows has to be known.')
        : breaking(`All rows of ${table.name} are gone.`);
    default:
      return verb satisfies never;
  }
}
