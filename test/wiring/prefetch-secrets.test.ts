import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { resolveReference, withStored } from '../../src/config/secrets.ts';
import { selectEnvironment } from '../../src/config/select.ts';
import { prefetchSecrets } from '../../src/wiring/prefetch-secrets.ts';
import { parameterFixture, type ParameterFixture } from '../support/aws-parameters.ts';
import { hold, refuse } from '../support/aws-proxy.ts';
import { AWS_SETUP_MS, loadServices, requireAws } from '../support/aws-server.ts';

beforeEach(requireAws, AWS_SETUP_MS);
beforeEach(() => loadServices('ssm'), AWS_SETUP_MS);

const SHORT = { call: 200, unanswered: 500, throttled: 500 };

function configOf(prefix: string, rest = '') {
  const text = `service: shop
environments:
  production:
    journal: { url: "ssm:${prefix}/{environment}/journal" }
    redis: { url: "env:REDIS" }
  staging:
    journal: { url: "ssm:${prefix}/staging/only" }
${rest}`;
  return selectEnvironment(parseConfig(text, { file: 'backout.yml' }).config, 'production');
}

async function putSecret({ client, prefix }: ParameterFixture, name: string, value: string) {
  const input = { Name: `${prefix}/${name}`, Value: value, Type: 'SecureString' } as const;
  await client.send(new PutParameterCommand(input));
}

function neverOpened(): never {
  throw new Error('The parameter store was opened.');
}

describe('Secrets in the parameter store', () => {
  it('are read decrypted, for the environment at hand, in one call', async () => {
    await using at = await parameterFixture();
    await putSecret(at, 'production/journal', 'postgres://journal');
    const stored = await prefetchSecrets(configOf(at.prefix), () => at.calls);
    const reference = `ssm:${at.prefix}/{environment}/journal`;
    expect(resolveReference(reference, withStored({}, stored))).toBe('postgres://journal');
    expect(at.proxy.inputs('GetParameters')).toEqual([
      { Names: [`${at.prefix}/production/journal`], WithDecryption: true },
    ]);
  });

  it('of which one is missing are read all the same', async () => {
    await using at = await parameterFixture();
    const secrets = Array.from({ length: 12 }, (_, index) => `"ssm:${at.prefix}/db${index}"`);
    for (let index = 0; index < 12; index += 1) await putSecret(at, `db${index}`, `url${index}`);
    const config = configOf(at.prefix, `releases: { required_secrets: [${secrets.join(', ')}] }\n`);
    const stored = await prefetchSecrets(config, () => at.calls);
    expect(resolveReference(`ssm:${at.prefix}/db11`, withStored({}, stored))).toBe('url11');
    expect(() =>
      resolveReference(`ssm:${at.prefix}/{environment}/journal`, withStored({}, stored)),
    ).toThrow(/does not exist/);
    expect(at.proxy.inputs('GetParameters')).toHaveLength(2);
  });

  it.each([
    [
      'are not allowed to be read',
      refuse('GetParameters', 400, 'AccessDeniedException'),
      /kms:Decrypt/,
    ],
    ['cannot be reached', hold('GetParameters'), /the network/],
  ])('that %s say so to whoever needs them, and to nobody else', async (_what, trouble, remedy) => {
    await using at = await parameterFixture(SHORT);
    at.proxy.use(trouble);
    const stored = await prefetchSecrets(configOf(at.prefix), () => at.calls);
    expect(resolveReference('env:REDIS', withStored({ REDIS: 'redis://x' }, stored))).toBe(
      'redis://x',
    );
    expect(stored.get(`ssm:${at.prefix}/{environment}/journal`)).toMatchObject({
      code: 'E_SECRETS_UNREACHABLE',
      remedy: expect.stringMatching(remedy) as unknown,
    });
  });

  it('that nobody refers to are not asked for', async () => {
    const text = 'service: shop\nenvironments: { production: { redis: { url: "env:REDIS" } } }\n';
    const config = selectEnvironment(parseConfig(text, { file: 'x' }).config, 'production');
    expect(await prefetchSecrets(config, neverOpened)).toEqual(new Map());
  });
});
