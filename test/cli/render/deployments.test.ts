import { expect, test } from 'vitest';
import { renderDeployments } from '../../../cli/render/deployments.ts';
import type { Deployment } from '../../../src/model/deployment.ts';

const GOING: Deployment = {
  id: '7',
  ref: 'v1.3.0',
  commit: 'c3'.repeat(20),
  state: 'running',
  by: 'kim',
  createdAt: '2026-11-20T10:00:00.000Z',
  url: undefined,
};

test('What goes on is said with who began it and when; what waits says that it waits.', () => {
  const waiting: Deployment = {
    ...GOING,
    state: 'waiting',
    by: undefined,
    url: 'https://x.example',
  };
  const lines = renderDeployments({ deploying: [GOING, waiting], drift: [] });
  expect(lines[0]).toContain('v1.3.0, since 2026-11-20 10:00:00 UTC by kim');
  expect(lines[1]).toMatch(/, waits\s+https:\/\/x\.example$/);
});

test('Each difference is one line of its part; lines fit a screen.', () => {
  const text = 'runs v1.2.0, and the record says that v1.1.0 went live last, 2026-11-03 10:00 UTC';
  const lines = renderDeployments({
    deploying: [],
    drift: [{ part: 'web', against: 'record', text }],
  });
  expect(lines[0]).toMatch(/^Differs: web runs v1\.2\.0/);
  for (const line of lines.join('\n').split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('Where nobody deploys and nothing differs, nothing is said.', () => {
  expect(renderDeployments({ deploying: [], drift: [] })).toEqual([]);
});
