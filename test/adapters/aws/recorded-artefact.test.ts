/** Which version or task definition a release is when its record says so. */

import { beforeEach, describe, expect, it } from 'vitest';
import { digestImage } from '../../support/aws-ecr.ts';
import { ecsFixture, type EcsFixture } from '../../support/aws-ecs.ts';
import {
  lambdaFixture,
  type LambdaFixture,
  TEST_ACCOUNT,
  TEST_REGION,
} from '../../support/aws-lambda.ts';
import { AWS_SETUP_MS, requireAws } from '../../support/aws-server.ts';
import { failureOf } from '../../support/failure.ts';

beforeEach(requireAws, AWS_SETUP_MS);

const RELEASE = { tag: 'v1.0.0', commit: 'd4'.repeat(20) };
const OTHER = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
const text = ({ tag, commit }: typeof RELEASE): string => `${tag} ${commit}`;
const { signal } = new AbortController();
const guard = { fence: 1, incident: 'incident1', signal };
const MISSING = { code: 'E_ARTEFACT_MISSING', kind: 'refused' };
const MISMATCH = { code: 'E_ARTEFACT_MISMATCH', kind: 'refused' };

const arnOf = ({ functionName }: LambdaFixture, version: string): string =>
  `arn:aws:lambda:${TEST_REGION}:${TEST_ACCOUNT}:function:${functionName}:${version}`;
const digestOf = (byte: string): string => digestImage(byte).split('@')[1] ?? '';
const lastPart = (arn: string): string => arn.split('/').at(-1) ?? '';

describe('A version of a function', () => {
  it.each<[string, (at: LambdaFixture, version: string) => string | Promise<string>]>([
    ['number', (_, version) => version],
    ['ARN', arnOf],
    ['code digest', (at, version) => at.codeOf(version)],
  ])('that says nothing of itself is found by its %s, and read back by it', async (_, nameOf) => {
    await using at = await lambdaFixture();
    const version = await at.publishAs('Made by the pipeline');
    await at.publishAs('Made by the pipeline');
    const release = { ...RELEASE, artefact: await nameOf(at, version) };
    await at.target.preflight(release);
    await at.target.apply(release, guard);
    expect((await at.alias()).version).toBe(version);
    const live = await at.target.current(signal);
    expect(live.artefacts).toContain(release.artefact);
  });

  it('that says it too is the one, also where another says the same', async () => {
    await using at = await lambdaFixture();
    const first = await at.publish(RELEASE);
    await at.publish(RELEASE);
    await at.target.apply({ ...RELEASE, artefact: first }, guard);
    expect((await at.alias()).version).toBe(first);
  });

  it('that says that it is another release, or whose commit differs, does not fit', async () => {
    await using at = await lambdaFixture();
    const other = await at.publish(OTHER);
    const moved = await at.publish({ ...RELEASE, commit: OTHER.commit });
    for (const artefact of [other, moved]) {
      const error = await failureOf(at.target.preflight({ ...RELEASE, artefact }));
      expect(error).toMatchObject(MISMATCH);
      expect(error.message).toContain(`version ${artefact} says that it is`);
    }
    const applying = at.target.apply({ ...RELEASE, artefact: other }, guard);
    await expect(applying).rejects.toMatchObject(MISMATCH);
    expect(at.proxy.inputs('UpdateAlias')).toEqual([]);
  });

  it('does not fit where another one says that it is the release', async () => {
    await using at = await lambdaFixture();
    const unnamed = await at.publishAs('Made by the pipeline');
    const named = await at.publish(RELEASE);
    const error = await failureOf(at.target.preflight({ ...RELEASE, artefact: unnamed }));
    expect(error).toMatchObject(MISMATCH);
    expect(error.message).toContain(`version ${named} says that it is v1.0.0`);
    // Also where the recorded one was deleted.
    await expect(at.target.preflight({ ...RELEASE, artefact: '99' })).rejects.toMatchObject(
      MISMATCH,
    );
  });

  it('that is gone is missing, and so is $LATEST, which is no version', async () => {
    await using at = await lambdaFixture();
    const preflight = (artefact: string) => at.target.preflight({ ...RELEASE, artefact });
    await expect(preflight('99')).rejects.toMatchObject(MISSING);
    await expect(preflight('$LATEST')).rejects.toMatchObject({ code: 'E_ARTEFACT_FORMAT' });
    await expect(preflight(arnOf(at, '99'))).rejects.toMatchObject(MISSING);
  });
});

describe('A task definition', () => {
  it.each<[string, (arn: string) => string]>([
    ['ARN', (arn) => arn],
    ['family and revision', lastPart],
    ['image digest', () => digestOf('a1')],
    ['image', () => digestImage('a1')],
  ])('that says nothing of itself is found by its %s, and read back by it', async (_, nameOf) => {
    await using at = await ecsFixture();
    const arn = await at.register({ image: digestImage('a1') });
    await at.register({ image: digestImage('b2') });
    const release = { ...RELEASE, artefact: nameOf(arn) };
    await at.target.preflight(release);
    await at.target.apply(release, guard);
    expect(at.proxy.inputs('UpdateService')).toMatchObject([{ taskDefinition: arn }]);
    const live = await at.target.current(signal);
    expect(live.artefacts).toContain(release.artefact);
  });

  it('of several with the tag is the one with the recorded digest', async () => {
    await using at = await ecsFixture();
    const arn = await at.register({ text: text(RELEASE), image: digestImage('a1') });
    await at.register({ text: text(RELEASE), image: digestImage('b2') });
    await at.target.apply({ ...RELEASE, artefact: digestOf('a1') }, guard);
    expect(at.proxy.inputs('UpdateService')).toMatchObject([{ taskDefinition: arn }]);
  });

  const refusals: [string, object, (at: EcsFixture) => Promise<string>, string][] = [
    [
      'with the tag and another digest',
      MISMATCH,
      async (at) => {
        await at.register({ text: text(RELEASE), image: digestImage('b2') });
        return digestOf('a1');
      },
      'which says that it is v1.0.0, has ',
    ],
    [
      'with the digest, which says that it is another release',
      MISMATCH,
      async (at) => {
        await at.register({ text: text(OTHER), image: digestImage('a1') });
        return digestOf('a1');
      },
      'says that it is v1.1.0',
    ],
    [
      'that was recorded and says that it is another release',
      MISMATCH,
      async (at) => lastPart(await at.register({ text: text(OTHER), image: digestImage('a1') })),
      'says that it is v1.1.0',
    ],
    ['of another family', MISMATCH, () => Promise.resolve('billing:3'), 'of shop-'],
    [
      'of another account',
      MISMATCH,
      async (at) => {
        const arn = await at.register({ text: text(RELEASE) });
        return arn.replace(TEST_ACCOUNT, '999999999999');
      },
      TEST_ACCOUNT,
    ],
    ['under a name that is none', MISMATCH, () => Promise.resolve('latest'), 'neither'],
    ['that does not exist', MISSING, ({ service }) => Promise.resolve(`${service}:99`), 'exist'],
    ['whose image nobody has', MISSING, () => Promise.resolve(digestOf('c3')), 'has the image'],
    [
      'that was deregistered',
      MISSING,
      async (at) => {
        const arn = await at.register({ text: text(RELEASE) });
        await at.deregister(arn);
        return arn;
      },
      'deregistered',
    ],
    [
      'that names its image by a tag',
      MISSING,
      async (at) => lastPart(await at.register({ image: 'shop.example/api:v1.0.0' })),
      'by a tag',
    ],
  ];
  it.each(refusals)('%s is refused', async (_, expected, record, said) => {
    await using at = await ecsFixture();
    const release = { ...RELEASE, artefact: await record(at) };
    const error = await failureOf(at.target.preflight(release));
    expect(error).toMatchObject(expected);
    expect(error.message).toContain(said);
    await expect(at.target.apply(release, guard)).rejects.toMatchObject(expected);
    expect(at.proxy.inputs('UpdateService')).toEqual([]);
  });
});
