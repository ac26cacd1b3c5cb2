/** Pieces of SQL, as migration libraries put them together. */
import { ANY_TABLE } from '../../model/migration/change.ts';
import { isSqlText, type Literal, OPAQUE } from './literals.ts';

/** Thrown for what is not certain; the call is then one that needs a human. */
export class Uncertain extends Error {}

export function uncertain(why: string): never {
  throw new Uncertain(why);
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The name of a table. One that the script computes may be any. */
export function tableText(value: Literal): string {
  return value === OPAQUE ? ANY_TABLE : text(value, 'A name');
}

/** SQL that stands in a script: nothing in it may swallow or end what we put behind it. */
export function raw(sql: Literal): string {
  const written = isSqlText(sql) ? sql.sql : sql;
  if (typeof written !== 'string') return uncertain('A part of it is only known when it runs.');
  if (/--|\/\*|;|\$\$/.test(written)) return uncertain('A part of it is SQL that has to be read.');
  return written;
}

export function valueText(value: Literal): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (isSqlText(value)) return raw(value);
  return uncertain('Its default is only known when it runs.');
}

/** A switch that is on, off or left out. */
export function isOn(value: Literal): boolean {
  if (value === undefined || value === null || typeof value === 'boolean') return value === true;
  return uncertain('Whether a part of it counts is only known when it runs.');
}

export function text(value: Literal, what: string): string {
  return typeof value === 'string' ? value : uncertain(`${what} is only known when it runs.`);
}
