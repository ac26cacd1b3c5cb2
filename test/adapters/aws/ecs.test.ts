import { beforeEach, describe, expect, it } from 'vitest';
import type { DeployGuard } from '../../../src/ports/target.ts';
import { DIGEST, ecsFixture, type EcsFixture } from '../../support/aws-ecs.ts';
import { dropAfter, refuse } from '../../support/aws-proxy.ts';
import { AWS_SETUP_MS, requireAws } from '../../support/aws-server.ts';
import { failureOf } from '../../support/failure.ts';
import { until } from '../../support/until.ts';

beforeEach(requireAws, AWS_SETUP_MS);

const GOOD = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
const BAD = { tag: 'v1.2.0', commit: 'b2'.repeat(20) };
const { signal } = new AbortController();

function guard(fence = 1, stop = signal): DeployGuard {
  return { fence, incident: 'incident1', signal: stop };
}

type At = EcsFixture & { good: string; bad: string };

/** A service on which BAD runs, deployed by the team's own pipeline. */
async function badIsLive(more: Parameters<typeof ecsFixture>[0] = {}): Promise<At> {
  const fixture = await ecsFixture(more);
  const good = await fixture.publish(GOOD);
  const bad = await fixture.publish(BAD);
  await fixture.deployedBySomebodyElse(bad);
  fixture.rollouts.settle(bad, 4);
  fixture.proxy.calls.length = 0;
  return { ...fixture, good, bad };
}

const newest = ({ rollouts }: At): string | undefined => rollouts.deployments[0]?.taskDefinition;

describe('A rollout', () => {
  it('is waited for until the service is steady, with a line for every move', async () => {
    await using at = await badIsLive();
    at.rollouts.plan.looks = 4;
    await at.target.apply(GOOD, guard());
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
    const lines = at.lines.join('\n');
    expect(lines).toContain('1 of 4 tasks run, 3 starting; 3 old ones still run');
    expect(lines).toContain('4 of 4 tasks run.');
    expect(at.rollouts.deployments).toHaveLength(1);
  });

  it('of ours that is under way counts as what has to go', async () => {
    await using at = await badIsLive();
    at.rollouts.plan.looks = Infinity;
    const stop = new AbortController();
    const applying = failureOf(at.target.apply(GOOD, guard(1, stop.signal)));
    await until('it is under way', () => at.rollouts.deployments.length === 2);
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: BAD.tag });
    stop.abort();
    expect(await applying).toMatchObject({ code: 'E_DEPLOY', kind: 'uncertain' });
  });

  it('of somebody else that is under way counts as what is coming', async () => {
    await using at = await badIsLive();
    at.rollouts.settle(at.good, 4);
    at.rollouts.plan.looks = Infinity;
    await at.deployedBySomebodyElse(at.bad);
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: BAD.tag });
  });

  it('that ECS gave up has failed, with what ECS noted', async () => {
    await using at = await badIsLive();
    at.rollouts.plan.breaks = 'stay';
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error).toMatchObject({ code: 'E_DEPLOY', kind: 'failed', retryable: false });
    expect(error.message).toContain('tasks failed to start');
    expect(error.message).toContain('essential container exited');
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: BAD.tag });
    // Resumed after the cause is mended, the same task definition is deployed once more.
    at.rollouts.plan.breaks = undefined;
    await at.target.apply(GOOD, guard());
    expect(at.proxy.inputs('UpdateService').at(-1)).toMatchObject({ forceNewDeployment: true });
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
  });

  it('that ECS took back has failed, and is not called a deployment of somebody', async () => {
    await using at = await badIsLive();
    at.rollouts.plan.breaks = 'roll-back';
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error.code).toBe('E_DEPLOY');
    expect(error.message).toContain('circuit breaker');
  });
});

describe('A deployment of somebody else', () => {
  it('between preflight and the change is not overwritten', async () => {
    await using at = await badIsLive();
    const third = await at.register({ text: `v1.3.0 ${'c3'.repeat(20)}` });
    await at.target.preflight(GOOD);
    await at.deployedBySomebodyElse(third);
    await expect(at.target.apply(GOOD, guard())).rejects.toMatchObject({
      code: 'E_TARGET_CHANGED',
    });
    expect(newest(at)).toBe(third);
  });
});

describe('A bad day of AWS', () => {
  it.each([1, 3])('an answer lost %d times after the change is no failure', async (times) => {
    await using at = await badIsLive();
    at.proxy.use(dropAfter('UpdateService', times));
    await at.target.apply(GOOD, guard());
    expect(newest(at)).toBe(at.good);
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
  });

  it('looks that fail while tasks are being replaced do not end the waiting', async () => {
    await using at = await badIsLive();
    let failing = 6;
    at.proxy.use((call, next) => {
      const later = at.proxy.inputs('UpdateService').length > 0;
      if (call.operation !== 'DescribeServices' || !later || failing === 0) return next();
      failing -= 1;
      return Promise.resolve({
        status: 500,
        error: 'ServerException',
        body: 'Service Unavailable',
      });
    });
    await at.target.apply(GOOD, guard());
    expect(failing).toBe(0);
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
  });
});

describe('The fence', () => {
  it('leaves one tag behind, which says where its holder went', async () => {
    await using at = await badIsLive();
    await at.target.apply(GOOD, guard(3));
    await at.target.apply(GOOD, guard(12));
    expect(await at.tags()).toEqual({ 'backout:fence:12': at.good.split('/').at(-1) });
  });

  it('that cannot be set is a no', async () => {
    await using at = await badIsLive();
    at.proxy.use(refuse('TagResource', 400, 'AccessDeniedException', 'not allowed'));
    await expect(at.target.apply(GOOD, guard())).rejects.toMatchObject({
      code: 'E_FENCE',
      kind: 'refused',
    });
    expect(newest(at)).toBe(at.bad);
  });
});

describe('Before anything is touched', () => {
  it.each([
    ['all tasks could be stopped first', { minimumHealthyPercent: 0, maximumPercent: 100 }],
    ['no task could be replaced', { minimumHealthyPercent: 100, maximumPercent: 100 }],
    ['it deploys in another way than backout.yml says', { strategy: 'BLUE_GREEN' }],
  ])('no deployment is begun where %s', async (_why, configuration) => {
    await using at = await badIsLive();
    at.rollouts.plan.configuration = configuration;
    const expected = { code: 'E_PREFLIGHT', kind: 'refused' };
    await expect(at.target.preflight(GOOD)).rejects.toMatchObject(expected);
    await expect(at.target.apply(GOOD, guard())).rejects.toMatchObject(expected);
    expect(at.proxy.inputs('UpdateService')).toEqual([]);
  });

  it('less capacity for a while is allowed, and said', async () => {
    await using at = await badIsLive();
    at.rollouts.plan.configuration = { minimumHealthyPercent: 50, maximumPercent: 200 };
    await at.target.preflight(GOOD);
    expect(at.lines.join('\n')).toContain('down to 2 of 4 tasks');
  });

  it('blue/green is waited for like the rest, unless its bake is longer than the time', async () => {
    await using at = await badIsLive({ strategy: 'blue-green' });
    at.rollouts.plan.configuration = { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1 };
    await at.target.preflight(GOOD);
    await at.target.apply(GOOD, guard());
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
    at.rollouts.plan.configuration = { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 5 };
    await expect(at.target.preflight(GOOD)).rejects.toMatchObject({ code: 'E_PREFLIGHT' });
  });

  it('a service that CodeDeploy deploys is refused', async () => {
    await using at = await badIsLive();
    at.rollouts.plan.controller = 'CODE_DEPLOY';
    await expect(at.target.preflight(GOOD)).rejects.toMatchObject({ code: 'E_PREFLIGHT' });
  });

  it('another account is refused', async () => {
    await using at = await badIsLive({ account: '999999999999' });
    await expect(at.target.preflight(GOOD)).rejects.toMatchObject({ code: 'E_ACCOUNT' });
  });

  it('a service that is not there, or cannot be read, is no release that is missing', async () => {
    await using at = await badIsLive();
    const elsewhere = at.another({ service: 'nowhere' });
    await expect(elsewhere.preflight(GOOD)).rejects.toMatchObject({ code: 'E_PREFLIGHT' });
    expect(await elsewhere.current(signal)).toMatchObject({ known: false });
  });
});

describe('Which task definition is the release', () => {
  const release = { tag: 'v1.0.0', commit: 'd4'.repeat(20) };
  const text = `${release.tag} ${release.commit}`;

  it('is the one whose image is named by digest; by a tag it is refused', async () => {
    await using at = await badIsLive();
    await at.register({ text, image: 'shop.example/api:v1.0.0' });
    const error = await failureOf(at.target.preflight(release));
    expect(error).toMatchObject({ code: 'E_ARTEFACT_MISSING', kind: 'refused' });
    await at.register({ text, image: DIGEST });
    await expect(at.target.preflight(release)).resolves.toBeUndefined();
  });

  it('of another commit is not the release, however it is called', async () => {
    await using at = await badIsLive();
    const error = await failureOf(at.target.preflight({ ...GOOD, commit: 'e5'.repeat(20) }));
    expect(error.message).toContain('another commit');
  });

  it('has the container that backout.yml names, or only one that is essential', async () => {
    await using at = await badIsLive();
    const containers = [
      { name: 'proxy', image: 'shop.example/proxy:1', memory: 64, essential: true },
      { name: 'api', image: DIGEST, memory: 64, essential: true },
    ];
    await at.register({ text, containers });
    await expect(at.target.preflight(release)).rejects.toMatchObject({
      code: 'E_ARTEFACT_MISSING',
    });
    await expect(at.another({ container: 'api' }).preflight(release)).resolves.toBeUndefined();
  });
});
