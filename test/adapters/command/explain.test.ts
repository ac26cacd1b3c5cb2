import { describe, expect, it } from 'vitest';
import { deployError } from '../../../src/adapters/command/explain.ts';
import type { CommandEnd } from '../../../src/adapters/command/run-command.ts';
import { noAnswer } from '../../../src/ports/clock.ts';
import { GOOD } from './place-fixture.ts';

const printed = { tail: '', answer: '' };
const explain = (end: CommandEnd) =>
  deployError({ target: 'web', release: GOOD, end, timeoutMs: 60_000 });

describe('a deploy that nobody knows the outcome of', () => {
  it.each<[string, (gone: boolean) => CommandEnd]>([
    ['ran out of time', (gone) => ({ ...printed, how: 'stopped', why: 'timeout', gone })],
    ['was stopped', (gone) => ({ ...printed, how: 'stopped', why: 'aborted', gone })],
    ['was killed', (gone) => ({ ...printed, how: 'killed', signal: 'SIGKILL', gone })],
  ])('and that %s is tried again only when nothing of it runs any more', (_, end) => {
    expect(explain(end(true))).toMatchObject({ kind: 'uncertain', retryable: true });
    const left = explain(end(false));
    expect(left).toMatchObject({ kind: 'uncertain', retryable: false });
    expect(left.state).toContain('may still change web');
    expect(left.remedy).toContain('by hand');
  });
});

describe('a deploy that was stopped', () => {
  it.each<[string, unknown, string]>([
    ['by a person', new Error('stopped by hand'), 'was stopped before its end: stopped by hand.'],
    ['by its step', noAnswer(60_000), 'ran out of time and was stopped.'],
    ['without a word', new AbortController().signal.reason, 'was stopped before its end.'],
  ])('%s says so', (_, reason, words) => {
    const end: CommandEnd = { ...printed, how: 'stopped', why: 'aborted', gone: true, reason };
    expect(explain(end).message).toContain(words);
  });
});
