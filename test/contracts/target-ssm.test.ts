import { beforeEach } from 'vitest';
import { AWS_SETUP_MS, requireAws } from '../support/aws-server.ts';
import { fleetFixture, requireFlock } from '../support/aws-ssm.ts';
import { targetContract } from './target.contract.ts';

beforeEach(requireAws, AWS_SETUP_MS);
beforeEach(requireFlock);

targetContract('ssm-command', async () => {
  const fixture = await fleetFixture(1);
  const [machine = ''] = fixture.machines;
  return {
    target: fixture.target,
    publish: (release) => fixture.publish(release),
    changes: () =>
      fixture
        .log(machine)
        .flatMap((line) => (line.startsWith('change ') ? [line.split(' ')[1] ?? ''] : [])),
    makeSlow: () => fixture.makeSlow(),
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
});
