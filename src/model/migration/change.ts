/**
 * What one statement of a migration does, as plain data. SQL and the calls of migration libraries
 * are translated into these, and the rules (judge-*.ts) know nothing else. What has no translation
 * is `unknown`, never left out.
 */
import type { Expression } from './expression.ts';

/**
 * Stands for the name of a table in a script that computes it. What is said of such a table is
 * true of any that old code knows; what becomes of the tables that are known here, nobody can tell.
 */
export const ANY_TABLE = '(known when it runs)';

/** As it was written: without a schema, the search path says which one is meant. */
export interface ObjectName {
  schema?: string;
  name: string;
}

export type ObjectKind =
  | 'table'
  | 'view'
  | 'materialized view'
  | 'index'
  | 'sequence'
  | 'type'
  | 'function'
  | 'schema'
  | 'trigger'
  | 'rule'
  | 'policy'
  | 'extension'
  | 'role'
  | 'database'
  | 'other';

/** Without `pg_catalog`, and with the names that PostgreSQL itself uses (`int4`, `varchar`). */
export interface TypeName {
  schema?: string;
  name: string;
  /** `[10, 2]` of `numeric(10, 2)`. */
  sizes: number[];
  array: boolean;
}

/** A value, or how it is computed. */
export type DefaultValue =
  | { kind: 'constant'; value: string | number | boolean | null }
  /** `distinct`: each row gets another one (a random identifier, the next number). */
  | { kind: 'computed'; functions: string[]; distinct: boolean };

export interface Column {
  name: string;
  type: TypeName;
  notNull: boolean;
  default?: DefaultValue;
  /** Computed from other columns. */
  generated: boolean;
  /** Numbered by PostgreSQL: an identity column, or one of a serial type. */
  numbered: boolean;
}

export type Constraint =
  | { kind: 'check'; name?: string; expression: Expression }
  | {
      kind: 'unique' | 'primary';
      name?: string;
      columns: string[];
      nullsAreEqual: boolean;
      /** It may be checked when the transaction ends. */
      deferrable?: true;
      /** It takes over this index. */
      index?: string;
    }
  | {
      kind: 'foreign';
      name?: string;
      columns: string[];
      target: ObjectName;
      /** What a delete of the row referred to does: it is refused, or carried on to these rows. */
      onDelete: 'refuse' | 'carry on';
    }
  | { kind: 'exclude'; name?: string }
  | { kind: 'not null'; name?: string; column: string };

export type TableAction =
  | { do: 'add column'; column: Column; constraints: Constraint[]; ifNotExists: boolean }
  | { do: 'drop column'; column: string }
  | { do: 'set type'; column: string; type: TypeName; rewritten: boolean }
  | { do: 'set not null'; column: string }
  | { do: 'drop not null'; column: string }
  | { do: 'set default'; column: string; value: DefaultValue }
  | { do: 'drop default'; column: string }
  | { do: 'add constraint'; constraint: Constraint }
  | { do: 'drop constraint'; name: string }
  | { do: 'attach partition' | 'detach partition'; partition: ObjectName }
  /** Any other, by PostgreSQL's name for it: `AT_EnableRowSecurity`. */
  | { do: 'other'; command: string; trigger?: string };

/** Rows that a statement writes. */
export interface Write {
  verb: 'insert' | 'upsert' | 'update' | 'delete' | 'merge';
  table: ObjectName;
  /** Columns that an update sets. */
  columns: string[];
  /** Whether a condition limits the rows. */
  limited: boolean;
}

export type Change =
  | {
      type: 'create table';
      table: ObjectName;
      ifNotExists: boolean;
      temporary: boolean;
      columns: Column[];
      constraints: Constraint[];
      /** Tables it inherits from. */
      parents: ObjectName[];
      partitionOf?: ObjectName;
    }
  | { type: 'alter table'; table: ObjectName; what: ObjectKind; actions: TableAction[] }
  | {
      type: 'create index';
      /** Left out: PostgreSQL chooses a name. */
      name?: string;
      table: ObjectName;
      unique: boolean;
      nullsAreEqual: boolean;
      /** Columns it is on; undefined for an expression. */
      columns: (string | undefined)[];
      /** What it is on and which rows are in it, as texts that are equal when the meaning is. */
      elements: string[];
      conditions: string[];
      /** Whether an expression or condition can fail when a row is written. */
      canFail: boolean;
      ifNotExists: boolean;
    }
  | {
      type: 'create';
      what: ObjectKind;
      name: ObjectName;
      /** The table of a trigger, rule or policy. */
      on?: ObjectName;
      ifNotExists: boolean;
      replace: boolean;
      /** Of a domain. */
      notNull?: boolean;
      /** Of a policy: whether it takes away what other policies let through. */
      restrictive?: boolean;
      /** What is made together with a schema. */
      contents?: Change[];
    }
  | {
      type: 'drop';
      what: ObjectKind;
      objects: { name: ObjectName; on?: ObjectName }[];
      cascade: boolean;
    }
  | { type: 'rename'; what: ObjectKind; name: ObjectName; to: string }
  | { type: 'rename column'; table: ObjectName; column: string; to: string }
  | { type: 'rename constraint'; table: ObjectName; constraint: string; to: string }
  | { type: 'move'; what: ObjectKind; name: ObjectName; schema: string }
  | { type: 'give away'; what: ObjectKind; name: ObjectName }
  | { type: 'alter type'; name: ObjectName; how: 'add value' | 'rename value' | 'attributes' }
  | { type: 'alter domain'; name: ObjectName; how: 'tighten' | 'loosen' | 'other' }
  | { type: 'truncate'; tables: ObjectName[]; cascade: boolean }
  | { type: 'revoke'; what: ObjectKind; objects: ObjectName[] }
  /** Reads and writes rows; `functions` are all that it calls. */
  | { type: 'data'; writes: Write[]; functions: string[] }
  /** `path` undefined: the one that the session began with. */
  | { type: 'search path'; path: string[] | undefined; whose: 'session' | 'others' }
  /** A statement that is judged by its kind alone, by PostgreSQL's name for it: `DoStmt`. */
  | { type: 'other'; statement: string; on?: { what: ObjectKind; name: ObjectName } }
  /** What could not be read; `why` is a sentence. */
  | { type: 'unknown'; why: string };

/** One statement of a file. */
export interface Statement {
  /** Line of its first word, from 1. */
  line: number;
  /** As it was written, on one line, cut. */
  text: string;
  change: Change;
}
