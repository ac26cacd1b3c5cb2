import { journal } from './0001-journal.sql.ts';
import { lease } from './0002-lease.sql.ts';
import { release } from './0003-release.sql.ts';
import { views } from './0004-views.sql.ts';
import { lastTurn } from './0005-last-turn.sql.ts';
import { releaseDetails } from './0006-release-details.sql.ts';
import { endedExecutions } from './0007-ended-executions.sql.ts';
import type { Migration } from './migration.ts';

/** Every step of the schema, in order. New ones go to the end; none is ever edited or removed. */
export const migrations: readonly Migration[] = [
  { number: 1, name: 'journal', additive: true, sql: journal },
  { number: 2, name: 'lease', additive: true, sql: lease },
  { number: 3, name: 'release', additive: true, sql: release },
  { number: 4, name: 'views', additive: true, sql: views },
  { number: 5, name: 'last-turn', additive: true, sql: lastTurn },
  { number: 6, name: 'release-details', additive: true, sql: releaseDetails },
  { number: 7, name: 'ended-executions', additive: true, sql: endedExecutions },
];
