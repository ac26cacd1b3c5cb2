import { describe, expect, it } from 'vitest';
import { composeMessage } from '../../src/model/catalogue.ts';
import { describeSeconds } from '../../src/model/message-lines.ts';
import { MESSAGE_CODES, type MessageCode, type MessageFacts } from '../../src/model/message.ts';

const facts: MessageFacts = {
  service: 'storefront',
  environment: 'production',
  incident: 'incident1',
  at: '2025-01-12T03:00:00.000Z',
  reason: 'error rate 21 %',
  by: 'kim',
  from: 'v1.2.0',
  to: 'v1.1.0',
  step: { number: 2, of: 5, now: 'Deploy v1.1.0', next: 'Validate' },
  off: ['payments (open)'],
  problems: ['web does not answer'],
};

describe('messages', () => {
  it.each(MESSAGE_CODES)('of kind %s say where, and which incident', (code) => {
    const message = composeMessage(code, 'key1', facts);
    expect(message).toMatchObject({ code, key: 'key1', facts });
    expect(message.title).toContain('storefront production');
    expect(message.lines.join('\n')).toContain('incident1');
    expect(message.lines.every((line) => line.trim() !== '')).toBe(true);
    // No fact that was given is missing by accident, and none that was not is made up.
    expect(message.lines.join('\n')).not.toMatch(/undefined|null|NaN/);
  });

  it.each(MESSAGE_CODES)('of kind %s can be made from the least there is', (code) => {
    const { service, environment, incident, at, reason, by } = facts;
    const least = composeMessage(code, 'key1', { service, environment, incident, at, reason, by });
    expect([least.title, ...least.lines].join('\n')).not.toMatch(/undefined|null|NaN/);
  });

  it('never call the safe state a rollback', () => {
    const { title, lines } = composeMessage('safe-state-on', 'key1', facts);
    expect([title, ...lines].join('\n')).toMatch(/v1\.2\.0 is NOT rolled back/);
    expect([title, ...lines].join('\n')).not.toMatch(/complete|rollback/i);
  });

  it.each(MESSAGE_CODES)('of level flags and kind %s never speak of a rollback done', (code) => {
    const { title, lines } = composeMessage(code, 'key1', { ...facts, level: 'flags' });
    const text = [title, ...lines].join('\n').replace(/.* is NOT rolled back\./, '');
    expect(text).not.toMatch(/rolled back|rollback/i);
    expect(title).not.toMatch(/complete/i);
  });

  it.each<[MessageCode, RegExp]>([
    ['safe-state-on', /SAFE STATE ON/],
    ['rollback-failed', /SAFE STATE NOT ON/],
    ['rollback-unknown', /SAFE STATE NOT PROVEN/],
    ['refused', /SAFE STATE REFUSED/],
  ])('of level flags and kind %s say how it is', (code, expected) => {
    const { title, lines } = composeMessage(code, 'key1', { ...facts, level: 'flags' });
    expect(title).toMatch(expected);
    expect(lines).toContain('Problem: web does not answer');
  });

  it.each<[Partial<MessageFacts>, string]>([
    [{ held: true }, 'v1.1.0 is live and validated; v1.2.0 is held.'],
    [{ held: false }, 'v1.1.0 is live and validated; v1.2.0 is NOT held.'],
    [{}, 'v1.1.0 is live and validated.'],
  ])('about a complete rollback claim no more than is known: %j', (more, line) => {
    const { lines } = composeMessage('rollback-complete', 'k', { ...facts, ...more });
    expect(lines[0]).toBe(line);
  });

  it.each<[MessageCode, Partial<MessageFacts>, string]>([
    ['rollback-failed', {}, 'Going from v1.2.0 back to v1.1.0 did not work.'],
    ['rollback-failed', { helped: true }, 'Going from v1.2.0 back to v1.1.0 did not work.'],
    [
      'rollback-failed',
      { still_failing: true, helped: false },
      'v1.1.0 is live, and the checks still fail: v1.2.0 is probably not the cause.',
    ],
    // Something else is wrong now, such as rows that are missing.
    [
      'rollback-failed',
      { still_failing: true, helped: true },
      'v1.1.0 is live, and the checks still fail.',
    ],
    [
      'rollback-complete',
      { helped: false },
      'What was off is off as before: v1.2.0 is probably not the cause.',
    ],
  ])('of kind %s with %j say what came of it', (code, more, line) => {
    expect(composeMessage(code, 'k', { ...facts, ...more }).lines).toContain(line);
  });

  it('do not call a release innocent that was probably the cause', () => {
    for (const code of ['rollback-failed', 'rollback-complete'] as const) {
      const { lines } = composeMessage(code, 'k', { ...facts, still_failing: true, helped: true });
      expect(lines.join('\n')).not.toContain('not the cause');
    }
  });

  it('keep what people typed on its own line, and from turning the writing round', () => {
    const reason = 'slow\n✅ ROLLBACK COMPLETE\r\n\u202eevil\u0000\u001b[2J';
    for (const code of MESSAGE_CODES) {
      const { lines } = composeMessage(code, 'k', { ...facts, reason, problems: [reason] });
      expect(lines.join('')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      expect(lines.filter((line) => line.startsWith('✅'))).toEqual([]);
    }
  });

  it('stay readable when very much is off, and keep all of it in their facts', () => {
    const off = Array.from({ length: 500 }, (_, index) => `flag_${index}=false`);
    const message = composeMessage('safe-state-on', 'k', { ...facts, off });
    const line = message.lines.find((one) => one.startsWith('Off: '));
    expect(line).toMatch(/^Off: flag_0=false, .*flag_19=false, and 480 more\.$/);
    expect(message.facts.off).toHaveLength(500);
  });

  it('page somebody when it failed, nobody can tell, it is over budget, a held release is back, many users complain, or a person has to go on', () => {
    const paging = MESSAGE_CODES.filter(
      (code) => composeMessage(code, 'k', facts).severity === 'page',
    );
    expect(paging).toEqual([
      'rollback-failed',
      'rollback-unknown',
      'budget-exceeded',
      'complaints-page',
      'held-release-back',
      'person-needed',
      'escalation',
      'automation-held',
    ]);
  });

  it('about complaints say how many, and when a person decides', () => {
    const more = { complaints: { count: 4, within_s: 1_800 } };
    const at = '2025-01-12T03:20:00.000Z';
    const { title, lines } = composeMessage('complaints-investigate', 'k', {
      ...facts,
      ...more,
      decide_at: at,
    });
    expect(title).toContain('USERS COMPLAIN');
    expect(lines.slice(0, 2)).toEqual([
      '4 user complaints within 30 min.',
      'Investigate. A person decides at 03:20 UTC.',
    ]);
  });

  it.each<[Partial<MessageFacts>, string | undefined]>([
    [{ commander: 'maria' }, 'Call now: on_call, commander (maria).'],
    [{}, 'Call now: on_call, commander.'],
    [{ page: [] }, undefined],
  ])('about many complaints name who is to be called: %j', (more, line) => {
    const { lines } = composeMessage('complaints-page', 'k', {
      ...facts,
      page: ['on_call', 'commander'],
      complaints: { count: 10, within_s: 1_800 },
      ...more,
    });
    expect(lines[0]).toBe('10 user complaints within 30 min.');
    expect(lines.find((one) => one.startsWith('Call now'))).toBe(line);
  });

  it('never claim success when nobody can tell', () => {
    const { title, lines } = composeMessage('rollback-unknown', 'k', facts);
    expect([title, ...lines].join('\n')).not.toMatch(/complete|failed|live and validated/i);
    expect(lines.join('\n')).toContain('web does not answer');
  });

  it.each([
    [0, '1 s'],
    [45.4, '45 s'],
    [99, '99 s'],
    [100, '2 min'],
    [600, '10 min'],
  ])('give %d seconds as %s', (seconds, text) => {
    expect(describeSeconds(seconds)).toBe(text);
  });
});
