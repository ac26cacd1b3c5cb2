import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { selectEnvironment } from '../../src/config/select.ts';
import { buildDeployments } from '../../src/wiring/build-deployments.ts';
import { gitHubAccess } from '../../src/wiring/github-access.ts';

describe('The way to GitHub', () => {
  it('is github.com with the token of the step, where nothing else is said', () => {
    expect(gitHubAccess(undefined, { GITHUB_TOKEN: 'a' })).toEqual({
      apiUrl: 'https://api.github.com',
      token: 'a',
    });
  });

  it('is a server of your own with a token of your own, where that is said', () => {
    const variables = {
      GITHUB_TOKEN: 'a',
      DEPLOY_TOKEN: 'b',
      GITHUB_API_URL: 'https://git.acme.example/api/v3/',
    };
    expect(gitHubAccess('env:DEPLOY_TOKEN', variables)).toEqual({
      apiUrl: 'https://git.acme.example/api/v3',
      token: 'b',
    });
  });

  it('is none without a token, and it is said how to give one', () => {
    expect(() => gitHubAccess(undefined, { GITHUB_TOKEN: ' ' })).toThrowError(
      expect.objectContaining({ code: 'E_SECRET_MISSING', kind: 'usage' }),
    );
  });

  it.each(['http://git.acme.example/api/v3', 'ftp://git.acme.example', 'git.acme.example'])(
    'is never %s: the token would be readable on the way',
    (address) => {
      const variables = { GITHUB_TOKEN: 'a', GITHUB_API_URL: address };
      expect(() => gitHubAccess(undefined, variables)).toThrowError(
        expect.objectContaining({ code: 'E_GITHUB_URL', kind: 'usage' }),
      );
    },
  );
});

function build(text: object, variables: Record<string, string>) {
  const config = configSchema.parse({
    service: 'shop',
    environments: { production: {} },
    ...text,
  });
  return buildDeployments(selectEnvironment(config, 'production'), variables);
}

describe('What GitHub deployed is asked', () => {
  const repository = { github: 'acme/shop' };

  it('where a repository and a token are known', () => {
    expect(build({ repository }, { GITHUB_TOKEN: 'a' })).toMatchObject({ source: 'GitHub' });
  });

  it('not where either is missing', () => {
    expect(build({ repository }, {})).toBeUndefined();
    expect(build({}, { GITHUB_TOKEN: 'a' })).toBeUndefined();
  });

  it('with a token that is not there: that is said when it is asked, and stops nothing before', async () => {
    const environments = { production: { github: { token: 'env:DEPLOY_TOKEN' } } };
    const deployments = build({ repository, environments }, {});
    await expect(deployments?.newest(1, new AbortController().signal)).rejects.toMatchObject({
      code: 'E_SECRET_MISSING',
    });
  });
});
