import { describe, expect, it } from 'vitest';
import { announcer, messagesSent } from '../../src/operations/announce.ts';
import type { Messenger } from '../../src/ports/messenger.ts';
import { down, hanging, openSite } from '../support/memory-ports.ts';

const INCIDENT = 'incident1';
const said = { reason: 'error rate 21 %', by: 'kim' };

describe('the messages of an incident', () => {
  it('go out, and are recorded with who got them', async () => {
    const { ports, clock, messenger, entries } = await openSite();
    const news = announcer(ports, INCIDENT, new Set());
    news.say('rollback-started', 'x/started', said);
    expect(await clock.run(news.settle())).toEqual([]);
    expect(messenger.sent).toMatchObject([
      { code: 'rollback-started', key: 'x/started', facts: { ...said, incident: INCIDENT } },
    ]);
    expect(await entries(INCIDENT)).toMatchObject([
      { kind: 'message', data: { message: 'x/started', channels: ['chat'], not_delivered: [] } },
    ]);
  });

  it('go out once per key, also when an earlier process sent them', async () => {
    const { ports: whole, clock, entries } = await openSite();
    const sent: string[] = [];
    // One that does not remember what it sent.
    const forgetful: Messenger = {
      channel: 'chat',
      async send({ key }) {
        sent.push(key);
        return { delivered: true };
      },
    };
    const ports = { ...whole, messengers: [forgetful] };
    const first = announcer(ports, INCIDENT, new Set());
    first.say('progress', 'x/1', said);
    first.say('progress', 'x/1', said);
    await clock.run(first.settle());
    const second = announcer(ports, INCIDENT, messagesSent(await entries(INCIDENT)));
    second.say('progress', 'x/1', said);
    second.say('progress', 'x/2', said);
    await clock.run(second.settle());
    expect(sent).toEqual(['x/1', 'x/2']);
  });

  it('never hold up or fail the work: what was not sent is said at the end', async () => {
    const { ports, clock, entries } = await openSite();
    const throwing: Messenger = {
      channel: 'throwing',
      send: () => {
        throw new Error('broken promise');
      },
    };
    const deaf: Messenger = { channel: 'deaf', send: () => new Promise(() => undefined) };
    const news = announcer({ ...ports, messengers: [throwing, deaf] }, INCIDENT, new Set());
    const began = clock.now();
    news.say('progress', 'x/1', said);
    expect(clock.now()).toBe(began);
    const problems = await clock.run(news.settle());
    expect(problems).toEqual([
      'Message to throwing: broken promise',
      expect.stringMatching(/^Message to deaf: no answer within 2000 ms/),
    ]);
    expect(clock.now() - began).toBe(2_000);
    expect(await entries(INCIDENT)).toMatchObject([
      { data: { not_delivered: ['throwing', 'deaf'] } },
    ]);
  });

  it('are sent though they cannot be recorded, and that is a problem', async () => {
    const { ports, clock, messenger } = await openSite();
    for (const [journal, problem] of [
      [down(ports.journal), /E_DOWN/],
      [hanging(ports.journal), /E_TIMEOUT/],
    ] as const) {
      const news = announcer({ ...ports, journal }, INCIDENT, new Set());
      news.say('progress', String(problem), said);
      const [first, ...more] = await clock.run(news.settle());
      expect(first).toMatch(problem);
      expect(more).toEqual([]);
    }
    expect(messenger.sent).toHaveLength(2);
  });
});
