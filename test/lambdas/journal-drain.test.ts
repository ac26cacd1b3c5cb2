/** From an outage to a whole journal: real queue, real processes, a database that is killed. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { startPostgres } from '../../src/adapters/local/postgres-server.ts';
import { connectPostgres } from '../../src/adapters/postgres/connection.ts';
import { postgresJournal } from '../../src/adapters/postgres/journal.ts';
import type { BatchAnswer } from '../../src/adapters/aws/sqs-event.ts';
import { writeEntry } from '../../src/adapters/queue/entry-text.ts';
import { queueingJournal } from '../../src/adapters/queue/queueing-journal.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { verifyChain } from '../../src/model/journal.ts';
import { makeOpenDir } from '../../src/adapters/local/cache-directory.ts';
import { journalWithQueue } from '../../src/wiring/function-queues.ts';
import { drainRecords } from '../../src/wiring/journal-drain-function.ts';
import { down } from '../adapters/file/spool-support.ts';
import { memoryJournal } from '../../src/adapters/memory/journal.ts';
import { scope, someEntry } from '../contracts/journal.contract.ts';
import { refuse } from '../support/aws-proxy.ts';
import { failureOf } from '../support/failure.ts';
import { AWS_SETUP_MS, loadServices, requireAws } from '../support/aws-server.ts';
import { queueFixture } from '../support/aws-sqs.ts';
import { fixedAddress } from '../support/fixed-address.ts';
import { runHandler } from '../support/run-handler.ts';
import { testBinaries, testDatabase } from '../support/services.ts';

beforeEach(requireAws, AWS_SETUP_MS);
beforeEach(() => loadServices('sqs'), 60_000);

const answerSchema = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })),
});
const { signal } = new AbortController();

const CONFIG = `
service: storefront
environments:
  production:
    journal: { url: 'env:JOURNAL_URL' }
`;

async function drainProcess(url: string) {
  const folder = await mkdtemp(join(tmpdir(), 'backout-drain-'));
  await writeFile(join(folder, 'backout.yml'), CONFIG);
  const running = await runHandler('journal-drain', {
    BACKOUT_CONFIG: join(folder, 'backout.yml'),
    LAMBDA_TASK_ROOT: folder,
    JOURNAL_URL: url,
  });
  return {
    printed: () => running.printed(),
    handle: async (event: unknown): Promise<BatchAnswer> =>
      answerSchema.parse(await running.call(event as object)),
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe('journal-drain', () => {
  it('loses nothing and stores nothing twice when its database is killed on the way', async () => {
    await using at = await queueFixture();
    const { postgres: binaries } = await testBinaries();
    const dir = await mkdtemp(join(tmpdir(), 'backout-pg-'));
    await makeOpenDir(dir);
    let server = await startPostgres({ binaries, dir });
    await using address = await fixedAddress(server.port);
    const url = new URL(server.url);
    url.port = String(address.port);
    await using drain = await drainProcess(url.href);

    // The outage: the database is there, but this process does not reach it.
    const journal = queueingJournal({
      primary: { ...memoryJournal(), append: () => Promise.reject(down) },
      queue: at.queue,
      clock: systemClock,
      mode: 'journal-first',
      lastResort: () => expect.unreachable(),
    });
    const incidents = ['inc00001', 'inc00002', 'inc00003'];
    const keys = Array.from({ length: 20 }, (_, index) => `${index}`);
    for (const key of keys) {
      for (const incident of incidents) {
        const happened = new Date(Date.UTC(2026, 10, 23, 6, 0, Number(key))).toISOString();
        const entry = someEntry({ incident, key: `${incident}/${key}`, at: happened });
        expect(await journal.append(entry)).toMatchObject({ stored: 'spool' });
      }
    }
    // A queue may bring a message twice.
    for (const { body } of (await at.receive()).Records) await at.queue.put(body, signal);
    expect(await at.waiting()).toBe(70);

    await at.poll(drain.handle);
    await at.poll(drain.handle);
    expect(await at.waiting()).toBeLessThan(70);
    const polling = at.poll(drain.handle);
    process.kill(server.pid, 'SIGKILL');
    await polling;
    const left = await at.waiting();
    await at.poll(drain.handle);
    expect(await at.waiting()).toBe(left);
    expect(left).toBeGreaterThan(0);

    await server.stop();
    server = await startPostgres({ binaries, dir });
    address.leadTo(server.port);
    for (let polls = 0; polls < 60 && (await at.waiting()) > 0; polls += 1) {
      await at.poll(drain.handle);
    }
    expect(await at.waiting()).toBe(0);
    expect(await at.dead()).toBe(0);

    await using postgres = connectPostgres(url.href, { applicationName: 'test' });
    for (const incident of incidents) {
      const entries = await postgresJournal(postgres).read(scope, incident);
      const wanted = keys.map((key) => `${incident}/${key}`);
      expect(new Set(entries.map(({ key }) => key))).toEqual(new Set(wanted));
      expect(entries).toHaveLength(keys.length);
      expect(verifyChain(entries)).toMatchObject({ intact: true });
    }
    await postgres.close();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }, 120_000);

  it('leaves to the dead-letter queue what the journal never takes, and says its key', async () => {
    await using at = await queueFixture({ tries: 2 });
    await using database = await testDatabase();
    await using drain = await drainProcess(database.url);
    await at.queue.put(writeEntry({ entry: someEntry(), order: 0 }), signal);
    await at.poll(drain.handle);
    expect(await at.waiting()).toBe(0);
    const other = someEntry({ text: 'Something else.' });
    const foreign = someEntry({ key: 'foreign', environment: 'staging' });
    const edited = writeEntry({ entry: someEntry({ key: 'c' }), order: 3 });
    await at.queue.put(writeEntry({ entry: other, order: 1 }), signal);
    await at.queue.put(writeEntry({ entry: foreign, order: 2 }), signal);
    await at.queue.put(edited.replace('Error rate', 'Success rate'), signal);
    await at.queue.put('hello', signal);
    await at.queue.put(writeEntry({ entry: someEntry({ key: 'good' }), order: 4 }), signal);
    for (let polls = 0; polls < 10 && (await at.waiting()) > 0; polls += 1) {
      await at.poll(drain.handle);
    }
    expect(await at.dead()).toBe(4);
    const text = drain.printed();
    expect(text).toContain('"key":"opened","problem":"E_JOURNAL_CONFLICT');
    expect(text).toContain('"key":"foreign","problem":"it is of storefront/staging');
    await using postgres = connectPostgres(database.url, { applicationName: 'test' });
    const entries = await postgresJournal(postgres).read(scope, 'inc00001');
    expect(entries.map(({ key }) => key)).toEqual(['opened', 'good']);
    await postgres.close();
  }, 60_000);

  it('stores what was only in the log once a person sends that to the queue', async () => {
    await using at = await queueFixture();
    await using database = await testDatabase();
    await using drain = await drainProcess(database.url);
    const log: string[] = [];
    const journal = journalWithQueue({
      primary: { ...memoryJournal(), append: () => Promise.reject(down) },
      queue: at.queue,
      clock: systemClock,
      mode: 'journal-first',
      log: (line) => log.push(line),
    });
    at.proxy.use(refuse('SendMessage', 403, 'AccessDenied'));
    expect((await failureOf(journal.append(someEntry()))).message).toContain('only in the log');
    at.proxy.calm();
    const logged = z.object({ journal_entry: z.string() }).parse(JSON.parse(log.join('')));
    await at.queue.put(logged.journal_entry, signal);
    await at.poll(drain.handle);
    expect(await at.waiting()).toBe(0);
    await using postgres = connectPostgres(database.url, { applicationName: 'test' });
    expect(await postgresJournal(postgres).read(scope, 'inc00001')).toMatchObject([someEntry()]);
    await postgres.close();
  }, 60_000);

  it('refuses what is no event of a queue', async () => {
    await using drain = await drainProcess('postgres://nobody@127.0.0.1:1/none');
    await expect(drain.handle({ entries: [] })).rejects.toThrow('not an event of SQS');
  });

  it('stores in the order of the happenings, and tries nothing more once the journal is away', async () => {
    const asked: string[] = [];
    const log: string[] = [];
    const records = ['3', '1', '2'].map((second) => ({
      id: `message-${second}`,
      sentAt: undefined,
      received: 1,
      body: writeEntry({
        entry: someEntry({ key: second, at: `2026-11-23T06:00:0${second}.000Z` }),
        order: 0,
      }),
    }));
    const journal = memoryJournal();
    const answer = await drainRecords(
      {
        scope,
        clock: systemClock,
        log: (line) => log.push(line),
        journal: {
          append(entry) {
            asked.push(entry.key);
            return entry.key === '1' ? journal.append(entry) : Promise.reject(down);
          },
        },
      },
      records,
    );
    expect(asked).toEqual(['1', '2']);
    const failed = answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    expect(failed).toEqual(['message-2', 'message-3']);
    expect(log.join('\n')).toContain('not tried: E_JOURNAL_UNREACHABLE');
  });
});
