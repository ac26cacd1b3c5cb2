import { beforeEach } from 'vitest';
import { ecsFixture } from '../support/aws-ecs.ts';
import { lambdaFixture } from '../support/aws-lambda.ts';
import { hold } from '../support/aws-proxy.ts';
import { AWS_SETUP_MS, requireAws } from '../support/aws-server.ts';
import { targetContract } from './target.contract.ts';

beforeEach(requireAws, AWS_SETUP_MS);

targetContract('lambda-alias', async () => {
  const fixture = await lambdaFixture();
  return {
    target: fixture.target,
    publish: async (release) => {
      await fixture.publish(release);
    },
    changes: () => fixture.changes(),
    makeSlow() {
      fixture.proxy.use(hold('UpdateAlias'));
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
});

targetContract('ecs', async () => {
  const fixture = await ecsFixture();
  return {
    target: fixture.target,
    publish: async (release) => {
      await fixture.publish(release);
    },
    changes: () => fixture.changes(),
    makeSlow() {
      fixture.proxy.use(hold('UpdateService'));
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
});
