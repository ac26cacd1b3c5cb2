/** Statements and commands that are judged by their kind alone. */
import type { Change } from './change.ts';
import { additive, askHuman, breaking, compatible, type Judgement } from './finding.ts';
import { areHarmless } from './known-functions.ts';
import { isNewObject, type SchemaState } from './schema-state.ts';

const OF_SESSION = compatible('It holds for the session of the migration only.');
const UPKEEP = compatible('Upkeep: old code does not notice.');
const PROGRAM = askHuman('It is a program; what it does cannot be seen from outside.');
const ALL_SESSIONS = askHuman('It holds for the sessions of old code too.');

/** By PostgreSQL's own names of the statements. What is not here needs a human. */
const STATEMENTS: ReadonlyMap<string, Judgement> = new Map([
  ['BEGIN', OF_SESSION],
  ['COMMIT', OF_SESSION],
  ['SAVEPOINT', OF_SESSION],
  ['ROLLBACK', askHuman('It undoes what came before it: what is left cannot be told.')],
  ['VariableSetStmt', OF_SESSION],
  ['VariableShowStmt', OF_SESSION],
  ['ConstraintsSetStmt', OF_SESSION],
  ['DiscardStmt', OF_SESSION],
  ['LockStmt', OF_SESSION],
  ['DeallocateStmt', OF_SESSION],
  ['ListenStmt', OF_SESSION],
  ['UnlistenStmt', OF_SESSION],
  ['NotifyStmt', UPKEEP],
  ['VacuumStmt', UPKEEP],
  ['ReindexStmt', UPKEEP],
  ['ClusterStmt', UPKEEP],
  ['CheckPointStmt', UPKEEP],
  ['RefreshMatViewStmt', UPKEEP],
  ['CommentStmt', compatible('A comment.')],
  ['CreateStatsStmt', compatible('It helps the planner only.')],
  ['GRANT', compatible('It only adds rights.')],
  ['OWNED BY', compatible('It says which column the sequence goes with.')],
  ['ALTER DEFAULT PRIVILEGES GRANT', compatible('It only adds rights, on things to come.')],
  ['DoStmt', PROGRAM],
  ['CallStmt', PROGRAM],
  ['ExecuteStmt', PROGRAM],
  ['PrepareStmt', PROGRAM],
  ['CopyStmt', askHuman('The rows that it writes are not in the statement.')],
  ['DropOwnedStmt', breaking('It drops what a role owns and its rights.')],
  ['ReassignOwnedStmt', breaking('Rights that come from owning are gone.')],
  ['AlterPolicyStmt', breaking('Old code may see other rows, or may not write what it wrote.')],
  ['REVOKE ROLE', breaking('It takes away rights that old code may need.')],
  ['AlterRoleStmt', askHuman('Old code may log in as this role.')],
  ['AlterRoleSetStmt', ALL_SESSIONS],
  ['AlterDatabaseSetStmt', ALL_SESSIONS],
  ['AlterSystemStmt', ALL_SESSIONS],
  ['AlterSeqStmt', askHuman('Numbers that old code gets may come again, or run out.')],
  ['AlterFunctionStmt', askHuman('The function runs in another way when old code calls it.')],
  ['AlterExtensionStmt', askHuman('What changes in the extension cannot be seen.')],
  ['CreateCastStmt', askHuman('Statements of old code may mean something else.')],
  ['CreateEventTrigStmt', askHuman('It runs when old code changes the schema.')],
  [
    'CreatePublicationStmt',
    askHuman('Updates and deletes of published tables without a replica identity are refused.'),
  ],
]);

export function judgeOther(
  state: SchemaState,
  { statement, on }: Extract<Change, { type: 'other' }>,
): Judgement {
  // A new sequence may fill a column of old code by now.
  const mayBeInUse = statement === 'AlterSeqStmt';
  if (on !== undefined && !mayBeInUse && isNewObject(state, on.what, on.name)) {
    return ADDS_TO_NEW.has(statement)
      ? additive('The table is not known to old code.')
      : compatible('Old code does not know it.');
  }
  return STATEMENTS.get(statement) ?? askHuman(`No rule knows this statement (${statement}).`);
}

const ADDS_TO_NEW: ReadonlySet<string> = new Set(['AlterPolicyStmt']);

/** Commands of ALTER TABLE, likewise. */
const COMMANDS: ReadonlyMap<string, Judgement> = new Map(
  [
    [UPKEEP, 'SetStatistics SetStorage SetCompression SetOptions ResetOptions SetRelOptions'],
    [
      UPKEEP,
      'ResetRelOptions ReplaceRelOptions SetTableSpace SetAccessMethod ClusterOn DropCluster SetLogged',
    ],
    [compatible('New rows were checked before.'), 'ValidateConstraint'],
    [breaking('Rights that come from owning it are gone.'), 'ChangeOwner'],
    [
      breaking('Old code may see other rows, or may not write what it wrote.'),
      'EnableRowSecurity DisableRowSecurity ForceRowSecurity NoForceRowSecurity',
    ],
    [
      breaking('Old code counts on what the trigger or rule does.'),
      'DisableTrig DisableTrigAll DisableTrigUser DisableRule',
    ],
    [
      askHuman('It runs inside the writes of old code; what it does has to be read.'),
      'EnableTrig EnableAlwaysTrig EnableReplicaTrig EnableTrigAll EnableTrigUser EnableRule EnableAlwaysRule EnableReplicaRule',
    ],
    [
      breaking('Old code may write what is now refused, or leave out what is now needed.'),
      'AddIdentity SetIdentity DropIdentity',
    ],
    [
      breaking('Old code reads values that are computed differently, or not at all.'),
      'SetExpression DropExpression',
    ],
    [askHuman('Rows do not survive a crash any more.'), 'SetUnLogged'],
    [askHuman('Updates of published tables may be refused.'), 'ReplicaIdentity'],
    [askHuman('Rows of one table appear in another, or vanish from it.'), 'AddInherit DropInherit'],
    [askHuman('Errors of old code come at another moment, or not at all.'), 'AlterConstraint'],
  ].flatMap(([judgement, names]) =>
    typeof names === 'string' && typeof judgement === 'object'
      ? names.split(' ').map((name): [string, Judgement] => [`AT_${name}`, judgement])
      : [],
  ),
);

export function judgeCommand(command: string): Judgement {
  return COMMANDS.get(command) ?? askHuman(`No rule knows this command (${command}).`);
}

const PROGRAMS: ReadonlySet<string> = new Set(['DoStmt', 'CallStmt', 'ExecuteStmt', 'CopyStmt']);

/** Whether the schema may be any other afterwards. */
export function cloudsEverything(change: Change): boolean {
  if (change.type === 'data') return !areHarmless(change.functions);
  if (change.type !== 'other') return change.type === 'unknown';
  return PROGRAMS.has(change.statement) || !STATEMENTS.has(change.statement);
}
