import { expect, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';
import { BackoutError } from '../../src/model/error.ts';
import { countsOf, runFunction } from '../../src/wiring/function-log.ts';

const line = z.record(z.string(), z.unknown());

/** What a function prints while this runs, as JSON. */
async function printedWhile(work: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
  const chunks: string[] = [];
  const keep = (chunk: unknown): boolean => chunks.push(String(chunk)) > 0;
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation(keep),
  );
  onTestFinished(() => spies.forEach((spy) => spy.mockRestore()));
  await work();
  for (const spy of spies) spy.mockRestore();
  const lines = chunks
    .join('')
    .split('\n')
    .filter((text) => text.startsWith('{'));
  return lines.map((text) => line.parse(JSON.parse(text)));
}

const variables = { BACKOUT_SERVICE: 'storefront', BACKOUT_ENVIRONMENT: 'production' };

it('logs each call with what tells it apart, and the first as a cold start', async () => {
  const printed = await printedWhile(async () => {
    const handler = runFunction('on-alarm', variables, (log) => ({
      answer: () => {
        log('a line for people');
        log('{"messenger":"sent"}');
        return Promise.resolve({ decision: 'ignore', incident: 'inc00001' });
      },
    }));
    await handler({ secret: 'canary-of-the-event' }, { awsRequestId: 'request-1' });
    await handler({}, { awsRequestId: 'request-2' });
  });
  const common = { service: 'storefront', environment: 'production', function: 'on-alarm' };
  const answered = printed.filter(({ message }) => message === 'answered');
  expect(answered).toMatchObject([
    { ...common, request_id: 'request-1', cold_start: true, incident: 'inc00001' },
    { ...common, request_id: 'request-2', cold_start: false, incident: 'inc00001' },
  ]);
  expect(printed).toContainEqual(expect.objectContaining({ message: 'a line for people' }));
  expect(printed).toContainEqual(expect.objectContaining({ said: { messenger: 'sent' } }));
  expect(JSON.stringify(printed)).not.toContain('canary');
});

it('counts in the form that CloudWatch reads, also a call that failed', async () => {
  const failure = new BackoutError({ code: 'E_NOT_SAFE', message: 'No lever.', remedy: 'Look.' });
  const printed = await printedWhile(async () => {
    const handler = runFunction('on-alarm', variables, () => ({
      answer: () => Promise.reject(failure),
    }));
    await expect(handler({})).rejects.toBe(failure);
  });
  expect(printed).toContainEqual(
    expect.objectContaining({ message: 'failed', level: 'ERROR', failure: failure.toJSON() }),
  );
  const metrics = printed.find((each) => '_aws' in each);
  expect(metrics).toMatchObject({ Failed: 1, environment: 'production', service: 'storefront' });
  expect(metrics?.['Duration']).toBeTypeOf('number');
});

it.each([
  [{ decision: 'ignore' }, { Decisions: 1 }],
  [
    { decision: 'act', outcome: 'done' },
    { Decisions: 1, MadeSafe: 1 },
  ],
  [
    { decision: 'act', outcome: 'failed' },
    { Decisions: 1, NotSafe: 1 },
  ],
  [
    { decision: 'act', outcome: 'partial' },
    { Decisions: 1, NotSafe: 1 },
  ],
  [{ decision: 'act' }, { Decisions: 1, NotSafe: 1 }],
  [{ batchItemFailures: [{}, {}] }, { ComingAgain: 2 }],
  ['nothing that is known', {}],
])('counts the answer %j as %j', (answer, counts) => {
  expect(countsOf(answer)).toEqual(counts);
});
