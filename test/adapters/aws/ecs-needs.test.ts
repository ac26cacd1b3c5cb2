/** What the tasks of a release need is looked for before anything is touched. */

import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from 'vitest';
import { clientSettings } from '../../../src/adapters/aws/clients.ts';
import { digestImage, taggedImage } from '../../support/aws-ecr.ts';
import { ecsFixture, type EcsFixture } from '../../support/aws-ecs.ts';
import { TEST_ACCOUNT, TEST_CREDENTIALS, TEST_REGION } from '../../support/aws-lambda.ts';
import { refuse } from '../../support/aws-proxy.ts';
import { AWS_SETUP_MS, awsUrl, requireAws } from '../../support/aws-server.ts';
import { failureOf } from '../../support/failure.ts';

beforeEach(requireAws, AWS_SETUP_MS);

const RELEASE = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
const text = `${RELEASE.tag} ${RELEASE.commit}`;
const image = digestImage('a1');
const guard = { fence: 1, incident: 'incident1', signal: new AbortController().signal };

/** The release's only container, with what a test adds to it. */
const api = { name: 'api', image, memory: 64, essential: true };

async function refusalOf(at: EcsFixture): Promise<string> {
  const error = await failureOf(at.target.preflight(RELEASE));
  expect(error).toMatchObject({ code: 'E_ARTEFACT_MISSING', kind: 'refused' });
  expect(at.proxy.inputs('UpdateService')).toEqual([]);
  return error.message;
}

describe('The image', () => {
  it('is asked of the registry that its name says, by digest', async () => {
    await using at = await ecsFixture();
    await at.register({ text, image });
    expect(await at.target.preflight(RELEASE)).toBeUndefined();
    expect(at.proxy.inputs('DescribeImages')).toEqual([
      {
        registryId: TEST_ACCOUNT,
        repositoryName: 'shop/api',
        imageIds: [{ imageDigest: image.split('@')[1] }],
      },
    ]);
    expect(at.registries).toEqual([TEST_REGION]);
  });

  it('that the registry has no more is missing', async () => {
    await using at = await ecsFixture();
    await at.register({ text, image });
    await at.expire(image);
    expect(await refusalOf(at)).toContain(`needs what is gone: the image ${image}`);
  });

  it('that was archived cannot be pulled', async () => {
    await using at = await ecsFixture();
    await at.register({ text, image });
    at.proxy.use(async (call, next) => {
      const answered = await next();
      if (call.operation !== 'DescribeImages' || answered === 'drop') return answered;
      return { ...answered, body: { imageDetails: [{ imageStatus: 'ARCHIVED' }] } };
    });
    expect(await refusalOf(at)).toContain('archived');
  });

  it('of every container without which no task runs has to be there', async () => {
    await using at = await ecsFixture({ container: 'api' });
    const gone = taggedImage('gone');
    const beside = (essential: boolean) => ({ name: 'proxy', image: gone, memory: 64, essential });
    await at.register({ text, containers: [api, beside(false)] });
    expect(await at.target.preflight(RELEASE)).toBeUndefined();
    await at.register({ text, containers: [api, beside(true)] });
    expect(await refusalOf(at)).toContain(gone);
    await at.push(gone);
    expect(await at.target.preflight(RELEASE)).toBeUndefined();
  });

  it.each([
    ['ghcr.io', `ghcr.io/acme/api@sha256:${'0f'.repeat(32)}`],
    ['Docker Hub', `acme/api@sha256:${'0f'.repeat(32)}`],
    ['public.ecr.aws', `public.ecr.aws/acme/api@sha256:${'0f'.repeat(32)}`],
  ])('in %s cannot be asked for: that is said, and stops nothing', async (registry, elsewhere) => {
    await using at = await ecsFixture();
    await at.register({ text, image: elsewhere });
    expect(await at.target.preflight(RELEASE)).toContain(`whether ${registry} still has`);
    expect(at.lines.join('\n')).toContain(`Note: whether ${registry} still has`);
    await at.target.apply(RELEASE, guard);
    expect(await at.target.current(guard.signal)).toMatchObject({ known: true, ...RELEASE });
  });

  it.each([
    ['nobody may ask for', 400, 'AccessDeniedException'],
    ['the registry does not answer for', 500, 'ServerException'],
  ])('that %s is not known', async (_, status, error) => {
    await using at = await ecsFixture();
    await at.register({ text, image });
    at.proxy.use(refuse('DescribeImages', status, error));
    expect(await at.target.preflight(RELEASE)).toContain('whether ECR still has');
  });
});

const arnOf = (name: string, region = TEST_REGION): string =>
  `arn:aws:ssm:${region}:${TEST_ACCOUNT}:parameter${name}`;
const wanting = (...names: string[]) => [
  { ...api, secrets: names.map((valueFrom, at) => ({ name: `SECRET_${at}`, valueFrom })) },
];

async function put(...names: string[]): Promise<void> {
  const place = { region: TEST_REGION, credentials: TEST_CREDENTIALS, endpoint: awsUrl() };
  const client = new SSMClient(clientSettings(place));
  for (const Name of names) {
    const secret = { Name, Value: 'hunter2', Type: 'SecureString' as const, Overwrite: true };
    await client.send(new PutParameterCommand(secret));
  }
  client.destroy();
}

describe('Parameters', () => {
  it('that the task definition names, by name or by ARN, are looked for and not decrypted', async () => {
    await using at = await ecsFixture();
    const names = Array.from({ length: 11 }, (_, index) => `/shop/needs/${index}`);
    await put(...names);
    const [first = '', ...rest] = names;
    await at.register({ text, containers: wanting(arnOf(first), ...rest) });
    expect(await at.target.preflight(RELEASE)).toBeUndefined();
    const asked = at.proxy.inputs('GetParameters');
    expect(new Set(asked.flatMap(({ Names }) => Names))).toEqual(new Set([arnOf(first), ...rest]));
    expect(asked.map(({ WithDecryption }) => WithDecryption)).toEqual([false, false]);
    expect(at.lines.join('\n')).not.toContain('hunter2');
  });

  it('that are gone refuse the release, by name', async () => {
    await using at = await ecsFixture();
    await put('/shop/there');
    await at.register({
      text,
      containers: wanting('/shop/there', arnOf('/shop/gone'), '/shop/too'),
    });
    const said = await refusalOf(at);
    expect(said).toContain(`the parameters ${arnOf('/shop/gone')}, /shop/too`);
    expect(said).not.toContain('/shop/there');
  });

  it('of another region, and those that nobody may read, are not known', async () => {
    await using at = await ecsFixture();
    const far = arnOf('/shop/far', 'us-east-1');
    await put('/shop/there');
    await at.register({ text, containers: wanting('/shop/there', far) });
    expect(await at.target.preflight(RELEASE)).toContain(`whether ${far} exists`);
    at.proxy.use(refuse('GetParameters', 400, 'AccessDeniedException', 'no ssm:GetParameters'));
    expect(await at.target.preflight(RELEASE)).toContain('no ssm:GetParameters');
  });

  it('do not include what is in Secrets Manager', async () => {
    await using at = await ecsFixture();
    const secret = `arn:aws:secretsmanager:${TEST_REGION}:${TEST_ACCOUNT}:secret:shop-Ab12Cd`;
    await at.register({ text, containers: wanting(secret) });
    expect(await at.target.preflight(RELEASE)).toBeUndefined();
    expect(at.proxy.inputs('GetParameters')).toEqual([]);
  });
});
