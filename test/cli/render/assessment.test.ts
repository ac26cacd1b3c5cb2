import widthOf from 'string-width';
import { expect, test } from 'vitest';
import { renderAssessment } from '../../../cli/render/assessment.ts';
import type { Survey } from '../../../src/operations/survey.ts';

const NOW = Date.UTC(2026, 10, 23, 3);
const DAY = 86_400_000;
const LIVE = 'd'.repeat(40);

/** A night on which everything there is has something to say. */
const night: Survey = {
  targets: [
    { name: 'web', live: { known: true, tag: 'v1.2.0', detail: '' } },
    { name: 'worker', live: { known: false, problem: 'it does not answer' } },
  ],
  live: 'v1.2.0',
  liveCommit: LIVE,
  presumed: 'v1.2.0',
  tags: [],
  releases: [],
  knownGood: {
    release: {
      tag: 'v1.1.0',
      commit: 'b'.repeat(40),
      status: 'good',
      deployedAt: '2026-11-20T09:00:00.000Z',
    },
    rejected: [],
  },
  candidates: ['v1.1.0', 'v1.0.2', 'v1.0.1', 'v1.0.0', 'v0.9.0'].map((tag) => ({
    tag,
    commit: 'b'.repeat(40),
    release: undefined,
    colour: 'YELLOW',
    reasons: [{ colour: 'YELLOW', code: 'unrecorded', text: 'nobody recorded it' }],
  })),
  commits: Array.from({ length: 20 }, (_, index) => ({
    commit: String(index).padStart(40, '0'),
    subject: `Change number ${index} `.repeat(8),
  })),
  changes: {
    commits: 1_234,
    files: 98,
    paths: Array.from({ length: 20 }, (_, index) => `src/some/folder/file-${index}.ts`),
  },
  described: {
    live: [
      {
        name: 'web',
        commit: LIVE,
        description: { tag: 'v1.2.0', distance: 2, text: 'v1.2.0-2-gdddddddddd' },
      },
    ],
    branch: {
      name: 'main',
      commit: LIVE,
      description: { tag: 'v1.2.0', distance: 3, text: 'v1.2.0-3-gabc1234def' },
    },
  },
  readiness: [
    { level: 'flags', state: 'never', expires_ms: 7 * DAY },
    { level: 'application', state: 'never', expires_ms: 30 * DAY },
    { level: 'database', state: 'never', expires_ms: 30 * DAY },
  ],
  running: [
    {
      resource: 'storefront/production/target:web',
      holder: 'kim@laptop (pid 4)',
      fence: 3,
      expiresAt: '2026-11-23T03:00:30.000Z',
      incident: 'inc00001',
    },
  ],
  interrupted: undefined,
  signals: [
    {
      rule: 'critical-errors',
      signal: 'error_rate',
      state: 'met',
      value: 0.14,
      unit: 'ratio',
      level: 'application',
      text: '14 % is above 5 %',
    },
  ],
  openIncidents: [],
  lastMove: undefined,
  services: [{ service: 'payments', state: 'free' }],
  deploying: [
    {
      id: '1',
      ref: 'v1.3.0',
      commit: LIVE,
      state: 'running',
      by: 'kim',
      createdAt: '2026-11-23T02:58:00.000Z',
      url: 'https://github.example/acme/storefront/actions/runs/7',
    },
  ],
  drift: [{ part: 'web', against: 'record', text: 'runs v1.2.0, and v1.1.0 was recorded last' }],
  guard: {},
  stillOff: { flags: [], breakers: [], incidents: [], problems: [] },
  recommended: { level: 'application', why: 'Go back.', command: 'backout rollback application' },
  problems: ['worker does not say what is live: it does not answer'],
};

function lines(survey: Survey): string[] {
  const options = { candidates: 5, now: NOW, again: (command: string) => command };
  return renderAssessment(survey, options).split('\n');
}

test('Even when everything has something to say, it fits on one screen.', () => {
  const shown = lines(night);
  expect(shown.filter((line) => widthOf(line) > 80)).toEqual([]);
  expect(shown.length).toBeLessThanOrEqual(40);
});

test('Commits and files are all counted, and a few are named.', () => {
  const text = lines(night).join('\n');
  expect(text).toContain('Going back to v1.1.0 takes away: 1,234 commits, 98 files changed');
  expect(text).toContain('… and 1,229 commits more');
  expect(text).toMatch(/file-2\.ts and 95\s+more/);
});

test('A commit that is not the one of its release is named, and how far the branch is.', () => {
  const text = lines(night).join('\n');
  expect(text).toContain('v1.2.0; its commit is v1.2.0-2-gdddddddddd');
  expect(text).toContain('is 3 commits after v1.2.0 (v1.2.0-3-gabc1234def)');
});

test('Where the numbers are not known, none are told; where nothing is taken away, nothing is.', () => {
  const unknown = lines({ ...night, changes: undefined }).join('\n');
  expect(unknown).toContain('Going back to v1.1.0 takes away\n');
  expect(unknown).not.toMatch(/takes away: |undefined|NaN/);
  const nothing = lines({ ...night, commits: [], changes: undefined }).join('\n');
  expect(nothing).not.toContain('takes away');
});

test('Text of other people cannot move the cursor.', () => {
  const [first] = night.commits;
  const commits = [{ commit: first?.commit ?? '', subject: 'a\u001b[2Jb\u202Ec' }];
  const text = lines({ ...night, commits }).join('\n');
  expect([text.includes('\u001b'), text.includes('\u202E')]).toEqual([false, false]);
});
