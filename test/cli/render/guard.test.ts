import widthOf from 'string-width';
import { describe, expect, it } from 'vitest';
import { describeGuard, renderLook, renderStandBy } from '../../../cli/render/guard.ts';
import { labelled } from '../../../cli/render/text.ts';
import type { GuardLook } from '../../../src/operations/guard-releases.ts';

const AT = '2026-11-23T15:00:00.000Z';
const NOW = Date.parse(AT) + 40_000;
const again = (command: string): string => `${command} --environment production`;

const LOOK: GuardLook = {
  at: AT,
  verdict: 'passed',
  findings: [{ kind: 'fine', target: 'web', tag: 'v1.1.0', text: 'runs v1.1.0, as recorded' }],
  back: [],
  problems: [],
};

const HELD = {
  tag: 'v1.2.0',
  commit: 'c'.repeat(40),
  status: 'bad' as const,
  deployedAt: AT,
};

const BACK: GuardLook = {
  ...LOOK,
  verdict: 'failed',
  findings: [
    ...LOOK.findings,
    {
      kind: 'held-release-back',
      target: 'api',
      tag: 'v1.2.0',
      held: HELD,
      expected: 'v1.1.0',
      text: `runs v1.2.0 again, which is held (orders fail); v1.1.0 was recorded as live after it, at ${AT}`,
    },
  ],
  back: [
    {
      occurrence: {
        incident: 'guard-0123456789',
        target: 'api',
        hold: '0123456789',
        tag: 'v1.2.0',
        number: 0,
        since: AT,
        who: 'named',
      },
      account: { named: true, lines: [`api itself: converge by chef-client at ${AT}.`] },
      command: 'backout rollback application --to v1.1.0 --incident guard-0123456789',
    },
  ],
};

describe('a look', () => {
  it('without anything says so, and has no command', () => {
    const text = renderLook(LOOK, again);
    expect(text).toBe('No held release is back.\n  web: runs v1.1.0, as recorded');
  });

  it('with a held release says where, who, and what to paste, in 80 columns', () => {
    const text = renderLook(BACK, again);
    expect(text).toMatch(/^A HELD RELEASE IS BACK\. Nothing was changed/);
    expect(text).toContain('  api: BACK: runs v1.2.0 again');
    expect(text).toContain('Who:     api itself: converge by chef-client');
    expect(text.replaceAll(/\s*\\\s*/g, ' ')).toContain(
      'backout rollback application --to v1.1.0 --incident guard-0123456789 --environment production',
    );
    expect(Math.max(...text.split('\n').map((line) => widthOf(line)))).toBeLessThanOrEqual(80);
  });

  it('that could not tell does not sound like success', () => {
    const findings = [{ kind: 'unreadable' as const, target: 'web', text: 'cannot tell' }];
    const text = renderLook({ ...LOOK, verdict: 'inconclusive', findings }, again);
    expect(text).toMatch(/^NOT KNOWN/);
    expect(text).not.toContain('No held release');
  });
});

describe('whether somebody watches', () => {
  it.each([
    [{}, 'nobody watches, no look in the last hour. Start: backout guard --watch'],
    [{ lookedAt: AT }, 'nobody watches, last look 40 s ago. Start: backout guard --watch'],
    [
      { watching: { holder: 'kim@host (pid 12)', until: AT }, lookedAt: AT },
      'kim@host (pid 12) watches, last look 40 s ago',
    ],
    // Clocks of two machines differ.
    [
      { watching: { holder: 'kim@host', until: AT }, lookedAt: '2026-11-23T15:01:00.000Z' },
      'kim@host watches, last look 0 s ago',
    ],
    [{ problem: 'E_DOWN: away' }, 'not known: E_DOWN: away'],
  ])('is one line: %j', (state, expected) => {
    expect(describeGuard(state, NOW, (command) => command)).toBe(expected);
  });

  it('fits the screen', () => {
    const line = labelled(
      'Guard',
      describeGuard({}, NOW, (command) => command),
    );
    expect(widthOf(line)).toBeLessThanOrEqual(80);
  });

  it('by somebody else is said with the name and the time', () => {
    expect(renderStandBy('kim@host (pid 12)', AT)).toMatch(
      /^kim@host \(pid 12\) watches already\. .* 2026-11-23 15:00:00 UTC/,
    );
    expect(renderStandBy(undefined, undefined)).toMatch(/^Somebody else watches already\./);
  });
});
