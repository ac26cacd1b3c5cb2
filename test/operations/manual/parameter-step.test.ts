/** The override by hand where the flags are in the parameter store. */

import { execFileSync } from 'node:child_process';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseOverride } from '../../../src/model/flag-documents.ts';
import { effectiveFlags } from '../../../src/model/flags.ts';
import { parameterStep } from '../../../src/operations/manual/parameter-step.ts';
import type { ManualFacts } from '../../../src/operations/manual/facts.ts';
import { publishSample, safeOverride } from '../../contracts/flags.contract.ts';
import { parameterFixture } from '../../support/aws-parameters.ts';
import { AWS_SETUP_MS, loadServices, requireAws } from '../../support/aws-server.ts';

const override = safeOverride(1, {
  rule: 'manual',
  reason: 'Dana\'s "orders" fail; $HOME `x`\n50 %',
});

function stepAt(paths: { overrides: string; safe: string }, running?: typeof override) {
  const facts: Pick<ManualFacts, 'incident' | 'running' | 'groupsWithSafeValues'> = {
    incident: 'inc1',
    running,
    groupsWithSafeValues: ['community'],
  };
  return parameterStep(facts, { ...paths, region: 'eu-central-1' }, override);
}

/** What a shell gives to `aws`, word by word. */
function wordsOf(command: string): string[] {
  const script = `aws() { for word; do printf '%s\\0' "$word"; done; }\n${command}`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

function after(words: readonly string[], option: string): string {
  return words[words.indexOf(option) + 1] ?? '';
}

describe('The command for the parameter store', () => {
  beforeEach(requireAws, AWS_SETUP_MS);
  beforeEach(() => loadServices('ssm'), AWS_SETUP_MS);

  it('puts what Backout and the application read as the safe state', async () => {
    await using at = await parameterFixture();
    await publishSample(at.flags);
    const words = wordsOf(stepAt(at.paths).commands.join('\n'));
    expect(words).toEqual(
      expect.arrayContaining(['put-parameter', '--no-overwrite', 'eu-central-1']),
    );
    expect(parseOverride('inc1', after(words, '--value'))).toEqual(override);
    await at.put(after(words, '--name'), after(words, '--value'));
    const snapshot = await at.flags.read();
    expect(snapshot.overrides).toEqual([override]);
    expect(effectiveFlags(snapshot).every(({ source }) => source === 'safe')).toBe(true);
    const look = wordsOf(stepAt(at.paths).look[0] ?? '');
    expect(look).toContain(after(words, '--name'));
    expect(look).toContain(`${at.paths.overrides}/inc1.5.lifted`);
  });

  it('is not there while the safe state is on', async () => {
    const step = stepAt({ overrides: '/b/o', safe: '/b/s' }, override);
    expect(step).toMatchObject({ title: 'See that the flags are safe', commands: [] });
    expect(step.look).toHaveLength(2);
  });
});
