import { beforeEach, describe, expect, it } from 'vitest';
import {
  queueingJournal,
  type QueueingOptions,
} from '../../../src/adapters/queue/queueing-journal.ts';
import { readEntry } from '../../../src/adapters/queue/entry-text.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import { scope, someEntry } from '../../contracts/journal.contract.ts';
import { hold, refuse, throttle } from '../../support/aws-proxy.ts';
import { AWS_SETUP_MS, loadServices, requireAws } from '../../support/aws-server.ts';
import { queueFixture, type QueueFixture } from '../../support/aws-sqs.ts';
import { failureOf } from '../../support/failure.ts';
import { shakyJournal } from '../file/spool-support.ts';

beforeEach(requireAws, AWS_SETUP_MS);
beforeEach(() => loadServices('sqs'), 60_000);

async function journalOver(at: QueueFixture, change: Partial<QueueingOptions> = {}) {
  const primary = shakyJournal();
  const logged: string[] = [];
  const journal = queueingJournal({
    primary,
    queue: at.queue,
    clock: systemClock,
    mode: 'journal-first',
    lastResort: (text) => logged.push(text),
    restMs: 0,
    ...change,
  });
  return { primary, journal, logged };
}

async function queuedKeys(at: QueueFixture): Promise<(string | undefined)[]> {
  return (await at.receive()).Records.map(({ body }) => readEntry(body)?.entry.key);
}

describe('A journal with a queue behind it', () => {
  it('does not touch the queue while the journal works', async () => {
    await using at = await queueFixture();
    const { journal } = await journalOver(at);
    expect(await journal.append(someEntry())).toMatchObject({ stored: 'journal' });
    expect(at.proxy.calls).toEqual([]);
  });

  it('queues what the journal does not take', async () => {
    await using at = await queueFixture();
    const { journal, primary } = await journalOver(at);
    primary.state = 'down';
    expect(await journal.append(someEntry())).toEqual({ stored: 'spool', key: 'opened' });
    expect(await queuedKeys(at)).toEqual(['opened']);
  });

  it('waits 1.5 s for a hanging journal, and once for several entries', async () => {
    await using at = await queueFixture();
    const { journal, primary } = await journalOver(at, { restMs: 3_000 });
    primary.state = 'hangs';
    const begun = performance.now();
    for (const key of ['a', 'b', 'c']) await journal.append(someEntry({ key }));
    const took = performance.now() - begun;
    expect(took).toBeGreaterThan(1_400);
    expect(took).toBeLessThan(2_800);
    expect(new Set(await queuedKeys(at))).toEqual(new Set(['a', 'b', 'c']));
  });

  it('queues first in an emergency, whatever the journal does', async () => {
    await using at = await queueFixture();
    const { journal, primary } = await journalOver(at, { mode: 'spool-first' });
    primary.state = 'hangs';
    expect(await journal.append(someEntry())).toMatchObject({ stored: 'spool' });
    expect(primary.asked).toBe(0);
  });

  it('asks the journal in an emergency when the queue is away', async () => {
    await using at = await queueFixture();
    const { journal } = await journalOver(at, { mode: 'spool-first' });
    at.proxy.use(refuse('SendMessage', 403, 'AccessDenied'));
    expect(await journal.append(someEntry())).toMatchObject({ stored: 'journal' });
  });

  it('gets through to a queue that is throttled once', async () => {
    await using at = await queueFixture();
    // The pause before the second try is random, and longer on a busy machine.
    const { journal, primary } = await journalOver(at, { queueCapMs: 10_000 });
    primary.state = 'down';
    at.proxy.use(throttle('SendMessage', 1));
    expect(await journal.append(someEntry())).toMatchObject({ stored: 'spool' });
  });

  it.each([
    ['refused', refuse('SendMessage', 403, 'AccessDenied')],
    ['throttled', throttle('SendMessage', 99)],
    ['hanging', hold('SendMessage')],
  ])('writes the whole entry to the log when journal and queue (%s) fail', async (_, trouble) => {
    await using at = await queueFixture();
    const { journal, primary, logged } = await journalOver(at);
    primary.state = 'hangs';
    at.proxy.use(trouble);
    const begun = performance.now();
    const error = await failureOf(journal.append(someEntry()));
    // 1.5 s for the journal, 1 s for the queue.
    expect(performance.now() - begun).toBeLessThan(3_500);
    expect(error).toMatchObject({ code: 'E_JOURNAL_UNREACHABLE', retryable: true });
    expect(error.message).toContain('only in the log');
    expect(logged.map((text) => readEntry(text)?.entry)).toEqual([someEntry()]);
  });

  it('says that an entry is too long for the queue, and logs it', async () => {
    await using at = await queueFixture();
    const { journal, primary, logged } = await journalOver(at);
    primary.state = 'down';
    const error = await failureOf(journal.append(someEntry({ text: 'x'.repeat(262_144) })));
    expect(error.message).toContain('E_QUEUE_SIZE');
    expect(at.proxy.calls).toEqual([]);
    expect(logged).toHaveLength(1);
  });

  it('stores what it queued before what comes after it', async () => {
    await using at = await queueFixture();
    const { journal, primary } = await journalOver(at);
    primary.state = 'down';
    await journal.append(someEntry({ key: 'intent' }));
    primary.state = 'up';
    await journal.append(someEntry({ key: 'outcome' }));
    const entries = await primary.read(scope, 'inc00001');
    expect(entries.map(({ key }) => key)).toEqual(['intent', 'outcome']);
    expect(await journal.drain()).toMatchObject({ waiting: 0 });
  });

  it('stores in the journal what it queued when it is told again', async () => {
    await using at = await queueFixture();
    const { journal, primary } = await journalOver(at);
    primary.state = 'down';
    await journal.append(someEntry());
    expect(await journal.append(someEntry())).toMatchObject({ stored: 'spool' });
    primary.state = 'up';
    expect(await journal.append(someEntry())).toMatchObject({ stored: 'journal' });
  });

  it('reads an incident that began in the outage, and says how much of it waits', async () => {
    await using at = await queueFixture();
    const { journal, primary } = await journalOver(at);
    primary.state = 'down';
    await journal.append(someEntry({ kind: 'incident-opened' }));
    const read = await journal.read(scope, 'inc00001');
    expect(read.map(({ key }) => key)).toEqual(['opened']);
    const history = await journal.history(scope, 'inc00001');
    expect(history.waiting).toBe(1);
    expect(history.degraded).toContain('The journal is down');
    expect(await journal.drain()).toMatchObject({ waiting: 1 });
  });

  it('does not queue another statement under a key that it queued', async () => {
    await using at = await queueFixture();
    const { journal, primary } = await journalOver(at);
    primary.state = 'down';
    await journal.append(someEntry());
    const error = await failureOf(journal.append(someEntry({ text: 'Something else.' })));
    expect(error.code).toBe('E_JOURNAL_CONFLICT');
  });
});
