import { beforeEach, describe, expect, it } from 'vitest';
import type { DeployGuard } from '../../../src/ports/target.ts';
import { lambdaFixture, type LambdaFixture } from '../../support/aws-lambda.ts';
import { before, dropAfter, refuse } from '../../support/aws-proxy.ts';
import { AWS_SETUP_MS, requireAws } from '../../support/aws-server.ts';
import { failureOf } from '../../support/failure.ts';

beforeEach(requireAws, AWS_SETUP_MS);

const GOOD = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
const BAD = { tag: 'v1.2.0', commit: 'b2'.repeat(20) };
const { signal } = new AbortController();

function guard(fence = 1, stop = signal): DeployGuard {
  return { fence, incident: 'incident1', signal: stop };
}

/** A function on which BAD is live, deployed by the team's own pipeline. */
async function badIsLive(
  more: Parameters<typeof lambdaFixture>[0] = {},
): Promise<LambdaFixture & { good: string; bad: string }> {
  const fixture = await lambdaFixture(more);
  const good = await fixture.publish(GOOD);
  const bad = await fixture.publish(BAD);
  await fixture.deployedBySomebodyElse(bad);
  fixture.proxy.calls.length = 0;
  return { ...fixture, good, bad };
}

describe('A change by somebody else', () => {
  it('right before ours is not overwritten: HALT, and it is named', async () => {
    await using at = await badIsLive();
    const newer = await at.publishAs(`v1.3.0 ${'c3'.repeat(20)}`);
    at.proxy.use(before('UpdateAlias', () => at.deployedBySomebodyElse(newer)));
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error).toMatchObject({ code: 'E_TARGET_CHANGED', kind: 'refused', retryable: false });
    expect(error.message).toContain('v1.3.0');
    expect((await at.alias()).version).toBe(newer);
  });

  it('between preflight and the change is noticed too', async () => {
    await using at = await badIsLive();
    const newer = await at.publishAs(`v1.3.0 ${'c3'.repeat(20)}`);
    await at.target.preflight(GOOD);
    await at.deployedBySomebodyElse(newer);
    await expect(at.target.apply(GOOD, guard())).rejects.toMatchObject({
      code: 'E_TARGET_CHANGED',
    });
    expect((await at.alias()).version).toBe(newer);
    // Whoever looks at it and starts again, does so on the new ground.
    await at.target.apply(GOOD, guard());
    expect((await at.alias()).version).toBe(at.good);
  });

  it('to the release we want is no reason to stop', async () => {
    await using at = await badIsLive();
    await at.target.preflight(GOOD);
    await at.deployedBySomebodyElse(at.good);
    await at.target.apply(GOOD, guard());
    expect((await at.alias()).version).toBe(at.good);
  });
});

describe('A bad day of AWS', () => {
  it.each([1, 3])('an answer lost %d times after the change is no failure', async (times) => {
    await using at = await badIsLive();
    at.proxy.use(dropAfter('UpdateAlias', times));
    await at.target.apply(GOOD, guard());
    expect(await at.alias()).toMatchObject({ version: at.good, weights: {} });
    // The repeats carry the old revision, so that none of them could change anything more.
    const revisions = at.proxy.inputs('UpdateAlias').map(({ RevisionId }) => RevisionId);
    expect(new Set(revisions).size).toBe(1);
  });

  it('a missing permission is named, and nothing is tried twice', async () => {
    await using at = await badIsLive();
    const said = 'User: arn:x is not authorized to perform: lambda:UpdateAlias';
    at.proxy.use(refuse('UpdateAlias', 403, 'AccessDeniedException', said));
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error).toMatchObject({ code: 'E_DEPLOY', retryable: false });
    expect(error.message).toContain('lambda:UpdateAlias');
    expect(at.proxy.inputs('UpdateAlias')).toHaveLength(1);
  });

  it('what cannot be read is not known, whatever the reason', async () => {
    await using at = await badIsLive();
    at.proxy.use(refuse('GetAlias', 403, 'AccessDeniedException'));
    expect(await at.target.current(signal)).toMatchObject({ known: false });
    await expect(at.target.preflight(GOOD)).rejects.toMatchObject({
      code: 'E_PREFLIGHT',
      retryable: false,
    });
  });

  it('an answer of another shape is not known either', async () => {
    await using at = await badIsLive();
    at.proxy.use((call, next) =>
      call.operation === 'GetAlias' ? Promise.resolve({ status: 200, body: {} }) : next(),
    );
    expect(await at.target.current(signal)).toMatchObject({ known: false });
  });
});

describe('Traffic in two steps', () => {
  const shift = { share: 0.1, waitMs: 20 };

  it('a share goes first, then the rest, each guarded by the revision of the one before', async () => {
    await using at = await badIsLive({ shift });
    await at.target.apply(GOOD, guard(5));
    const changes = at.proxy.inputs('UpdateAlias');
    expect(changes).toMatchObject([
      {
        FunctionVersion: at.bad,
        RoutingConfig: { AdditionalVersionWeights: { [at.good]: 0.1 } },
        Description: `Serves [backout fence=5 to=${at.good}]`,
      },
      {
        FunctionVersion: at.good,
        RoutingConfig: { AdditionalVersionWeights: {} },
        Description: 'Serves [backout fence=5]',
      },
    ]);
    const revisions = changes.map(({ RevisionId }) => RevisionId);
    expect(new Set(revisions).size).toBe(2);
    expect(at.lines.join('\n')).toContain('10 % of the traffic');
  });

  it('is not possible from $LATEST: then it goes over at once', async () => {
    await using at = await badIsLive({ shift });
    await at.deployedBySomebodyElse('$LATEST');
    await at.target.apply(GOOD, guard());
    expect(at.proxy.inputs('UpdateAlias').at(-1)).toMatchObject({ FunctionVersion: at.good });
    expect((await at.alias()).version).toBe(at.good);
  });

  it('a canary of the bad release counts as the bad release, and is taken away at once', async () => {
    await using at = await badIsLive({ shift });
    await at.deployedBySomebodyElse(at.good, { [at.bad]: 0.2 });
    const live = await at.target.current(signal);
    expect(live).toMatchObject({ known: true, tag: BAD.tag });
    await at.target.apply(GOOD, guard());
    expect(await at.alias()).toMatchObject({ version: at.good, weights: {} });
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: GOOD.tag });
  });
});

describe('Which version is the release', () => {
  it("a tag of the function names it where the version's description does not", async () => {
    await using at = await badIsLive();
    const version = await at.publishAs('Made by the pipeline');
    await at.tagFunction({ [`backout:version:${version}`]: `v1.0.0 ${'d4'.repeat(20)}` });
    const release = { tag: 'v1.0.0', commit: 'd4'.repeat(20) };
    await at.target.preflight(release);
    await at.target.apply(release, guard());
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...release });
  });

  it('of another commit is not the release, however it is called', async () => {
    await using at = await badIsLive();
    const error = await failureOf(at.target.preflight({ ...GOOD, commit: 'e5'.repeat(20) }));
    expect(error).toMatchObject({ code: 'E_ARTEFACT_MISSING', kind: 'refused' });
    expect(error.message).toContain('another commit');
  });

  it('is refused where two say so and neither has a commit', async () => {
    await using at = await badIsLive();
    await at.publishAs('v1.0.0');
    await at.publishAs('v1.0.0');
    const release = { tag: 'v1.0.0', commit: 'd4'.repeat(20) };
    await expect(at.target.preflight(release)).rejects.toMatchObject({
      code: 'E_ARTEFACT_MISSING',
    });
  });

  it('is refused where Lambda cannot run it', async () => {
    await using at = await badIsLive();
    at.proxy.use(async (call, next) => {
      const answered = await next();
      if (call.operation !== 'GetFunctionConfiguration' || answered === 'drop') return answered;
      return { ...answered, body: { ...Object(answered.body), State: 'Failed' } };
    });
    await expect(at.target.preflight(GOOD)).rejects.toMatchObject({ code: 'E_ARTEFACT_MISSING' });
  });

  it('cannot be told of $LATEST', async () => {
    await using at = await badIsLive();
    await at.deployedBySomebodyElse('$LATEST');
    expect(await at.target.current(signal)).toMatchObject({ known: false });
  });
});

it('No change goes out without a revision, and preflight sends none at all.', async () => {
  await using at = await badIsLive();
  await at.target.preflight(GOOD);
  expect(at.proxy.inputs('UpdateAlias')).toEqual([]);
  await at.target.apply(GOOD, guard());
  await at.target.apply(GOOD, guard(2));
  expect(at.proxy.inputs('UpdateAlias')).toHaveLength(2);
  for (const input of at.proxy.inputs('UpdateAlias')) {
    expect(input['RevisionId']).toMatch(/^revision-\d+$/);
  }
});

it('Another account than the one of the environment is refused before anything is touched.', async () => {
  await using at = await badIsLive({ account: '999999999999' });
  await expect(at.target.preflight(GOOD)).rejects.toMatchObject({
    code: 'E_ACCOUNT',
    kind: 'refused',
  });
});

it('A long description of somebody else is cut only at its end.', async () => {
  await using at = await badIsLive();
  await at.target.apply(GOOD, guard(1));
  await at.target.apply(BAD, guard(22));
  const { description } = await at.alias();
  expect(description).toBe('Serves [backout fence=22]');
});
