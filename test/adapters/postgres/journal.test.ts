import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Postgres, connectPostgres } from '../../../src/adapters/postgres/connection.ts';
import { postgresJournal } from '../../../src/adapters/postgres/journal.ts';
import { verifyChain } from '../../../src/model/journal.ts';
import type { Journal } from '../../../src/ports/journal.ts';
import { scope, someEntry, storedEntry } from '../../contracts/journal.contract.ts';
import { failureOf } from '../../support/failure.ts';
import { until } from '../../support/until.ts';
import {
  type MigratedDatabase,
  asOwnerWithoutGuards,
  faultyProxy,
  migratedDatabase,
} from './support.ts';

let database: MigratedDatabase;
let postgres: Postgres;
let journal: Journal;

beforeAll(async () => {
  database = await migratedDatabase();
  ({ postgres } = database);
  journal = postgresJournal(postgres);
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(() => database.empty());

describe('the table of the journal', () => {
  beforeEach(async () => {
    await journal.append(someEntry({ key: 'a', text: 'one' }));
    await journal.append(someEntry({ key: 'b', text: 'two' }));
    await journal.append(someEntry({ key: 'c', text: 'three' }));
  });

  test.each([
    `update backout.journal set text = 'all is well'`,
    'update backout.journal set text = text where false',
    'delete from backout.journal where seq = 3',
    'truncate backout.journal',
    `merge into backout.journal using (values (1)) as one (seq) on journal.seq = one.seq
       when matched then update set text = 'x'`,
  ])('refuses, also to its owner: %s', async (sql) => {
    await expect(postgres.pool.query(sql)).rejects.toThrow(/append-only/);
    const entries = await journal.read(scope, 'inc00001');
    expect(entries.map((entry) => entry.text)).toEqual(['one', 'two', 'three']);
  });

  test('refuses changes in a session that calls itself a replica', async () => {
    await expect(
      postgres.pool.query(
        `set session_replication_role = replica; delete from backout.journal; reset all`,
      ),
    ).rejects.toThrow(/append-only|permission denied to set parameter/);
    await journal.append(someEntry({ key: 'd' }));
    expect(await journal.read(scope, 'inc00001')).toHaveLength(4);
  });

  test.each<[string, string, RegExp]>([
    ['a gap in the numbers', `'d', 5, repeat('1', 64)`, /foreign key/],
    ['an entry that does not follow the last one', `'d', 4, repeat('1', 64)`, /foreign key/],
    ['a second beginning', `'d', 4, repeat('0', 64)`, /check constraint/],
    ['a number twice', `'d', 1, repeat('0', 64)`, /journal_pkey/],
    ['a key twice', `'a', 4, (select hash from backout.journal where seq = 3)`, /_key_key/],
  ])('refuses %s', async (_what, place, problem) => {
    await expect(
      postgres.pool.query(
        `insert into backout.journal
           (service, environment, incident, kind, at, actor, text, data, hash, key, seq, previous)
         select 'storefront', 'production', 'inc00001', 'note', now(), 'x', 'x', '{}',
                repeat('2', 64), ${place}`,
      ),
    ).rejects.toThrow(problem);
  });

  test('shows a changed entry to whoever checks the chain, and a cut end to whoever has its head', async () => {
    const whole = await journal.read(scope, 'inc00001');
    expect(verifyChain(whole)).toMatchObject({ intact: true, entries: 3 });

    await asOwnerWithoutGuards(
      postgres,
      `update backout.journal set text = 'nothing happened' where seq = 2`,
      ['backout.journal'],
    );
    expect(verifyChain(await journal.read(scope, 'inc00001'))).toMatchObject({
      intact: false,
      seq: 2,
      problem: 'its content was changed after it was written',
    });

    await asOwnerWithoutGuards(postgres, 'delete from backout.journal where seq = 3', [
      'backout.journal',
    ]);
    const shortened = await journal.read(scope, 'inc00001');
    // That is why the head also goes into messages and the postmortem.
    expect(shortened.at(-1)?.hash).not.toBe(whole.at(-1)?.hash);
    // The guards are back.
    await expect(postgres.pool.query('delete from backout.journal')).rejects.toThrow(/append-only/);
  });

  test('stays readable when a newer version wrote a kind of entry we do not know', async () => {
    const kind = 'something-new' as 'note';
    await journal.append(someEntry({ key: 'd', kind }));

    const entries = await journal.read(scope, 'inc00001');

    expect(entries.at(-1)?.kind).toBe('something-new');
    expect(verifyChain(entries)).toMatchObject({ intact: true, entries: 4 });
  });

  test('has a timeline for people', async () => {
    await journal.append(someEntry({ key: 'd', at: '2026-11-23T06:00:12.500Z', text: 'later' }));
    const { rows } = await postgres.pool.query<{ at: string; after: string; text: string }>(
      `select at, after_opening::text as after, text from backout.timeline where seq = 4`,
    );
    expect(rows).toEqual([
      { at: '2026-11-23 06:00:12.500 UTC', after: '00:00:12.5', text: 'later' },
    ]);
  });
});

describe('an append whose connection breaks', () => {
  test.each<['before' | 'after']>([['before'], ['after']])(
    'just %s the database commits is stored exactly once',
    async (when) => {
      await using proxy = await faultyProxy(database.url);
      await using shaky = connectPostgres(proxy.url, { applicationName: 'backout test' });
      const shakyJournal = postgresJournal(shaky);
      await shakyJournal.append(someEntry({ key: 'a' }));

      proxy.cutNextCommit(when);
      const appended = await shakyJournal.append(someEntry({ key: 'b' }));
      await shakyJournal.append(someEntry({ key: 'c' }));

      expect(proxy.cuts()).toBe(1);
      expect(appended).toMatchObject({ stored: 'journal', repeated: false });
      const entries = await journal.read(scope, 'inc00001');
      expect(entries.map((entry) => entry.key)).toEqual(['a', 'b', 'c']);
      expect(verifyChain(entries)).toMatchObject({ intact: true, entries: 3 });
    },
  );

  test('and then cannot be made again says that nobody knows, and repeating it is safe', async () => {
    await using proxy = await faultyProxy(database.url);
    await using shaky = connectPostgres(proxy.url, { applicationName: 'backout test' });
    const shakyJournal = postgresJournal(shaky);
    await shakyJournal.append(someEntry({ key: 'a' }));

    proxy.cutNextCommit('after', 'and refuse');

    await expect(shakyJournal.append(someEntry({ key: 'b' }))).rejects.toMatchObject({
      code: 'E_JOURNAL_UNREACHABLE',
      kind: 'uncertain',
      retryable: true,
      state: expect.stringContaining('Nobody can tell') as unknown,
    });
    expect(await journal.append(someEntry({ key: 'b' }))).toMatchObject({ repeated: true });
    expect(await journal.read(scope, 'inc00001')).toHaveLength(2);
  });

  test('because an administrator ended its session is stored exactly once', async () => {
    await using blocker = connectPostgres(database.url, { applicationName: 'blocker' });
    await using victim = connectPostgres(database.url, {
      applicationName: 'victim',
      lockTimeoutMs: 10_000,
      statementTimeoutMs: 10_000,
    });
    const holding = await blocker.pool.connect();
    await holding.query('begin');
    await holding.query('lock table backout.journal in exclusive mode');

    const append = postgresJournal(victim).append(someEntry());
    const pid = await until('the append waits for the table', async () => {
      const { rows } = await postgres.pool.query<{ pid: number }>(
        `select pid from pg_stat_activity
          where application_name = 'victim' and wait_event_type = 'Lock'`,
      );
      return rows[0]?.pid;
    });
    await postgres.pool.query('select pg_terminate_backend($1)', [pid]);
    await holding.query('commit');
    holding.release();

    expect(await append).toMatchObject({ stored: 'journal', repeated: false });
    expect(await journal.read(scope, 'inc00001')).toHaveLength(1);
  });

  test('while it was idle does not disturb the next append', async () => {
    await using other = connectPostgres(database.url, { applicationName: 'idle victim', max: 1 });
    const otherJournal = postgresJournal(other);
    await otherJournal.append(someEntry({ key: 'a' }));
    await postgres.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'idle victim'`,
    );

    expect(await otherJournal.append(someEntry({ key: 'b' }))).toMatchObject({ repeated: false });
    expect(await journal.read(scope, 'inc00001')).toHaveLength(2);
  });
});

describe('a journal that cannot be used', () => {
  test('refuses within its caps when the database does not answer', async () => {
    await using proxy = await faultyProxy(database.url);
    await using shaky = connectPostgres(proxy.url, {
      applicationName: 'backout test',
      connectTimeoutMs: 200,
      statementTimeoutMs: 100,
    });
    const shakyJournal = postgresJournal(shaky);
    await shakyJournal.append(someEntry({ key: 'a' }));
    proxy.freeze();

    const start = performance.now();
    await expect(shakyJournal.append(someEntry({ key: 'b' }))).rejects.toMatchObject({
      code: 'E_JOURNAL_UNREACHABLE',
      kind: 'failed',
      retryable: true,
    });
    await expect(shakyJournal.read(scope, 'inc00001')).rejects.toMatchObject({
      code: 'E_JOURNAL_UNREACHABLE',
    });
    expect(performance.now() - start).toBeLessThan(3000);
  });

  test('says where it looked, what it found and whether trying again helps', async () => {
    await using nobody = connectPostgres('postgres://ada:secret@127.0.0.1:1/backout', {
      applicationName: 'backout test',
    });
    const refused = postgresJournal(nobody).append(someEntry());

    await expect(refused).rejects.toMatchObject({
      code: 'E_JOURNAL_UNREACHABLE',
      retryable: true,
      message: expect.stringContaining('127.0.0.1:1/backout') as unknown,
      state: 'Nothing was changed.',
      cause: expect.objectContaining({ code: 'ECONNREFUSED' }) as unknown,
    });
    await expect(refused).rejects.not.toThrow(/secret/);
  });

  test('does not ask for patience when the database does not exist or was never migrated', async () => {
    const missing = new URL(database.url);
    missing.pathname = '/no_such_database';
    await using nowhere = connectPostgres(missing.href, { applicationName: 'backout test' });
    await expect(postgresJournal(nowhere).read(scope, 'x')).rejects.toMatchObject({
      code: 'E_JOURNAL_UNREACHABLE',
      retryable: false,
      remedy: expect.stringContaining('URL') as unknown,
    });

    const bare = new URL(database.url);
    bare.pathname = '/postgres';
    await using unmigrated = connectPostgres(bare.href, { applicationName: 'backout test' });
    await expect(postgresJournal(unmigrated).append(someEntry())).rejects.toMatchObject({
      code: 'E_JOURNAL_UNREACHABLE',
      retryable: false,
      remedy: expect.stringContaining('backout check') as unknown,
    });
  });

  test.each([
    'postgres://ada:hunter2@[broken/backout',
    'postgres//ada:hunter2@db:5432/backout',
    'postgres:/ada:hunter2@db:5432/backout',
    'ada:hunter2@db:5432/backout',
    'postgres://ada:hun#ter2@db:5432/backout',
  ])('never repeats a URL that it could not read: %s', async (url) => {
    const connect = async () => connectPostgres(url, { applicationName: 'backout test' });
    const error = await failureOf(connect());
    expect(error).toMatchObject({ code: 'E_POSTGRES_URL', kind: 'usage' });
    expect(inspect(error) + JSON.stringify(error)).not.toMatch(/\bhun\b|unter2|\bter2/);
  });

  test('lets others append when a process stops in the middle of an append', async () => {
    await using stopped = connectPostgres(database.url, {
      applicationName: 'stopped',
      idleInTransactionTimeoutMs: 200,
    });
    const client = await stopped.pool.connect();
    client.on('error', () => {});
    await client.query('begin');
    const lock = JSON.stringify(['storefront', 'production', 'inc00001']);
    await client.query(
      `select pg_advisory_xact_lock(hashtextextended('backout journal ' || $1, 0))`,
      [lock],
    );

    const appended = await journal.append(someEntry());

    expect(storedEntry(appended).seq).toBe(1);
    client.release(true);
  });
});
