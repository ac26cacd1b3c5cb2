import { describe, expect, it } from 'vitest';
import { composeMessage, describeSeconds } from '../../src/model/catalogue.ts';
import { MESSAGE_CODES, type MessageFacts } from '../../src/model/message.ts';

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

  it('page somebody when it failed or nobody can tell, and only then or over budget', () => {
    const paging = MESSAGE_CODES.filter(
      (code) => composeMessage(code, 'k', facts).severity === 'page',
    );
    expect(paging).toEqual(['rollback-failed', 'rollback-unknown', 'budget-exceeded']);
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
