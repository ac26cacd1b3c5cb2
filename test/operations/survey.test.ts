import { beforeEach, describe, expect, test } from 'vitest';
import { memoryProofs } from '../../src/adapters/memory/proofs.ts';
import { targetResource } from '../../src/model/lease.ts';
import type { WatchedRule } from '../../src/model/live-signals.ts';
import { openIncident } from '../../src/operations/incidents.ts';
import { record } from '../../src/operations/journal-writer.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { prepareRollback } from '../../src/operations/roll-back.ts';
import { type Survey, survey, type SurveyPorts } from '../../src/operations/survey.ts';
import type { MetricSource } from '../../src/ports/metrics.ts';
import {
  B,
  C,
  down,
  hanging,
  openSite,
  REQUEST,
  SCOPE,
  type Site,
} from '../support/memory-ports.ts';
import { roll } from './roll-back-support.ts';

const DAY = 86_400_000;
const EXPIRES = { flags: 7 * DAY, application: 30 * DAY, database: 30 * DAY };
const RULES: Record<string, WatchedRule> = {
  'critical-errors': {
    signal: 'error_rate',
    threshold: { above: 0.05 },
    decision: 'act',
    automatic: 'application',
  },
  slow: {
    signal: 'latency_p95',
    threshold: { above: 1_000 },
    decision: 'investigate',
    automatic: 'application',
  },
};

let site: Site;
beforeEach(async () => {
  site = await openSite();
});

function measuring(read: MetricSource['read'], signal = 'error_rate'): MetricSource {
  return { signal, unit: signal === 'error_rate' ? 'ratio' : 'milliseconds', read };
}

async function look(
  more: Partial<OperationPorts & SurveyPorts> = {},
  metrics: MetricSource[] = [],
): Promise<Survey> {
  const ports = {
    ...site.ports,
    proofs: memoryProofs(site.ports.journal),
    baseline: { counters: [], metrics },
    ...more,
  };
  const options = { rules: RULES, expires: EXPIRES, defaultBranch: 'main' };
  return await site.clock.run(survey(ports, options));
}

/** A rollback that wrote down its plan and then died. */
async function interruptRollback(): Promise<void> {
  const { plan } = await site.clock.run(prepareRollback(site.ports, 'application', undefined));
  await openIncident(site.ports, 'inc00001', REQUEST);
  await record(site.ports, {
    incident: 'inc00001',
    key: 'application-1/decision',
    kind: 'decision',
    actor: REQUEST.actor,
    text: 'Decided.',
    data: { execution: 'application-1', plan },
  });
}

describe('What is recommended', () => {
  test('is the level of the rule that is met now, and says which rule and why', async () => {
    const { recommended } = await look({}, [measuring(async () => 0.14)]);
    expect(recommended).toMatchObject({
      level: 'application',
      command: 'backout rollback application',
    });
    expect(recommended.why).toContain('critical-errors is met: 14 % is above 5 %');
    expect(recommended.why).toContain(B.tag);
  });

  test('is the lowest level where no rule is met, and that is said', async () => {
    const { recommended } = await look({}, [measuring(async () => 0.001)]);
    expect(recommended.level).toBe('flags');
    expect(recommended.why).toContain('No measured rule is met.');
  });

  test.each<[string, MetricSource['read']]>([
    ['has no data', async () => undefined],
    ['fails', () => Promise.reject(new Error('connection refused'))],
    ['never answers', () => new Promise(() => undefined)],
  ])('claims nothing of a source that %s', async (_, read) => {
    const { recommended, signals } = await look({}, [measuring(read)]);
    expect(recommended.level).toBe('flags');
    expect(recommended.why).not.toContain('rule');
    expect(signals.map(({ rule, state }) => [rule, ['met', 'not-met'].includes(state)])).toEqual([
      ['critical-errors', false],
    ]);
  });

  test('is to finish an interrupted rollback, whatever is measured', async () => {
    await interruptRollback();
    const { recommended, interrupted } = await look({}, [measuring(async () => 0.14)]);
    expect(interrupted?.incident).toBe('inc00001');
    expect(recommended).toMatchObject({
      level: undefined,
      command: 'backout incident resume inc00001',
    });
  });

  test('is another rollback once something newer went live: the old plan fits no more', async () => {
    await interruptRollback();
    const newer = { known: true, tag: 'v1.3.0', detail: '' } as const;
    const targets = [{ ...site.target, current: async () => newer }];
    expect((await look({ targets })).interrupted).toBeUndefined();
  });

  test('is to wait for who is at work, who is named with the time', async () => {
    await interruptRollback();
    const [lease] = await site.ports.leases.acquire({
      resources: [targetResource(SCOPE, 'web')],
      holder: 'alex@runner (pid 7)',
      incident: 'inc00001',
      ttlMs: 30_000,
    });
    const { recommended, running } = await look();
    expect(running).toEqual([lease]);
    expect(recommended.level).toBeUndefined();
    expect(recommended.why).toContain('alex@runner (pid 7)');
    expect(recommended.command).toBe('backout incident show inc00001');
  });

  test('is no longer to wait when the right ran out: then it was interrupted', async () => {
    await interruptRollback();
    await site.ports.leases.acquire({
      resources: [targetResource(SCOPE, 'web')],
      holder: 'alex@runner (pid 7)',
      incident: 'inc00001',
      ttlMs: 1_000,
    });
    await site.clock.advance(1_001);
    const { recommended, running } = await look();
    expect(running).toEqual([]);
    expect(recommended.command).toBe('backout incident resume inc00001');
  });
});

describe('What lies around', () => {
  test('the commits and files that going back takes away are counted', async () => {
    const { changes, commits } = await look();
    expect(changes).toMatchObject({ commits: 1, files: 0 });
    expect(commits).toHaveLength(1);
  });

  test('each target and the default branch are described by their release', async () => {
    const { described } = await look();
    expect(described.live).toEqual([
      { name: 'web', commit: C.commit, description: { tag: C.tag, distance: 0, text: C.tag } },
    ]);
    expect(described.branch).toBeUndefined();
  });

  test('what runs is described by the commit that it was recorded with, though its tag was moved', async () => {
    const tag = site.history.tags.find(({ name }) => name === C.tag);
    Object.assign(tag ?? {}, { commit: B.commit });
    site.target.current = async () => ({ known: true, tag: C.tag, detail: '' });
    const { described, liveCommit } = await look();
    expect([liveCommit, ...described.live.map(({ commit }) => commit)]).toEqual([
      C.commit,
      C.commit,
    ]);
  });

  test('a rollback that was done is proof of its level, with the time it took', async () => {
    const { execution } = await roll(site);
    await site.clock.advance(3 * DAY);
    const application = (await look()).readiness.find(({ level }) => level === 'application');
    expect(application).toMatchObject({
      state: 'proven',
      proof: { at: execution.ended_at, took_ms: execution.within_budget_ms, by: 'rollback' },
    });
    await site.clock.advance(30 * DAY);
    const later = (await look()).readiness.find(({ level }) => level === 'application');
    expect(later?.state).toBe('stale');
  });

  test.each([
    ['proofs', (p: SurveyPorts) => ({ proofs: down(p.proofs) })],
    ['proofs that never come', (p: SurveyPorts) => ({ proofs: hanging(p.proofs) })],
    ['leases', () => ({ leases: down(site.ports.leases) })],
    ['descriptions', () => ({ repository: down(site.ports.repository, 'describe') })],
    ['changes', () => ({ repository: down(site.ports.repository, 'changesBetween') })],
  ] as const)('what cannot be had (%s) is a problem, and the rest is told', async (_, without) => {
    const found = await look(without({ proofs: memoryProofs(site.ports.journal) }));
    expect(found.problems).not.toEqual([]);
    expect(found.knownGood.release?.tag).toBe(B.tag);
    expect(found.recommended.level).toBe('flags');
  });

  test('one store that is down for several questions is one problem', async () => {
    const { journal, leases } = site.ports;
    const found = await look({
      proofs: down(memoryProofs(journal)),
      leases: down(leases),
      journal: down(journal),
    });
    expect(found.problems).toHaveLength(1);
  });
});
