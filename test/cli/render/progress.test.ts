import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { Output } from '../../../cli/output.ts';
import { progressView } from '../../../cli/render/progress.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import type { Step } from '../../../src/model/plan.ts';

test.each([true, false])('A step with a long title fits 80 columns (terminal: %j).', (terminal) => {
  const lines: string[] = [];
  const out: Output = {
    json: false,
    interactive: terminal,
    result: () => undefined,
    script: () => undefined,
    line: (text) => lines.push(...stripVTControlCharacters(text).split('\n')),
    live: () => undefined,
    stream: new Writable(),
  };
  using view = progressView(out, systemClock);
  const providers = Array.from({ length: 9 }, (_, index) => `provider-${index}-eu`);
  const title = `Open the circuit breakers ${providers.join(', ')}`;
  const step: Step = {
    id: 'trip-breakers',
    title,
    action: { kind: 'trip-breakers', providers },
    cap_ms: 1_000,
  } as Step;
  const result = { outcome: 'failed', problem: `no answer ${'again and '.repeat(20)}` } as const;

  view({ type: 'step-started', step, number: 1, of: 1 });
  view({ type: 'step-ended', step, result, duration_ms: 300, replayed: false });

  expect(lines.join(' ')).toContain('provider-8-eu');
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});
