import { beforeEach } from 'vitest';
import { surroundings, TEST_REGION } from '../support/aws-lambda.ts';
import { type AwsCall, hold, holdAfter, throttle } from '../support/aws-proxy.ts';
import { AWS_SETUP_MS, requireAws } from '../support/aws-server.ts';
import { fleetFixture, requireFlock } from '../support/aws-ssm.ts';
import { until } from '../support/until.ts';
import {
  BAD,
  GOOD,
  guard,
  NEVER_LET_IN,
  OVERTAKEN,
  targetTroubleContract,
  THEIRS,
  UNCERTAIN,
} from './target-trouble.contract.ts';

beforeEach(requireAws, AWS_SETUP_MS);
beforeEach(requireFlock);

/** Four machines, one at a time; in a partial failure two at a time, and one may fail. */
async function fleet(trouble: string) {
  const batch = trouble === 'a partial failure' ? { machines: 2 } : { machines: 1 };
  const at = await fleetFixture(4, { batch, maxFailures: batch.machines - 1 });
  for (const machine of at.machines) await at.put(machine, BAD);
  for (const release of [GOOD, BAD, THEIRS]) await at.publish(release);
  const [first = '', second = ''] = at.machines;
  return {
    ...at,
    first,
    second,
    /** `1 v1.1.0` where the first machine was changed. */
    effects: () =>
      at.machines.flatMap((machine, index) =>
        at
          .log(machine)
          .filter((line) => line.startsWith('change '))
          .map((line) => `${index + 1} ${line.split(' ')[1]}`),
      ),
    /** The first machine has the release, and its script has come to its end. */
    firstIsDone: () =>
      until(
        'the first machine is done',
        () =>
          at.log(first).length > 0 && at.read(first, 'lib/shop.production.api.fence.open') === '',
      ),
    settings: {
      target: {
        kind: 'ssm-command',
        instances: { Role: 'api' },
        deploy: ['deploy', '--to', '{tag}', '{commit}'],
        current: ['current'],
        region: TEST_REGION,
      },
      stateDirectory: '/nowhere',
      variables: surroundings(at.proxy.url),
    },
  };
}
type Fleet = Awaited<ReturnType<typeof fleet>>;

/** Whether a call deploys GOOD, to this machine or to any. */
function deploysTo(machine?: string) {
  return ({ operation, input }: AwsCall): boolean =>
    operation === 'SendCommand' &&
    String(input['Comment']).includes(` ${GOOD.tag} to `) &&
    (machine === undefined || (input['InstanceIds'] as string[]).includes(machine));
}

/** Something happens right before GOOD is deployed to a machine for the first time. */
function beforeDeployTo(at: Fleet, machine: string, happens: () => Promise<void>): void {
  let done = false;
  at.proxy.use(async (call, next) => {
    if (!done && deploysTo(machine)(call)) {
      done = true;
      await happens();
    }
    return await next();
  });
}

const all = (tag: string): string[] => [1, 2, 3, 4].map((index) => `${index} ${tag}`);
const sent = ({ proxy }: Fleet): number => proxy.inputs('SendCommand').length;

targetTroubleContract('ssm-command', fleet, {
  'a newer rollback that takes over in the middle': {
    begin: (at) => beforeDeployTo(at, at.first, () => at.another().apply(THEIRS, guard(9))),
    ...OVERTAKEN,
    effects: all(THEIRS.tag),
    resumed: all(THEIRS.tag),
  },
  // Nothing on a machine says no to somebody who deploys by other means: the reading back does.
  'a deployment by somebody else in the middle': {
    begin: (at) => beforeDeployTo(at, at.second, () => at.put(at.first, THEIRS)),
    live: THEIRS,
    effects: all(GOOD.tag),
    resumed: ['1 v1.1.0', ...all(GOOD.tag)],
  },
  'throttling that ends': {
    begin(at) {
      at.proxy.use(throttle('SendCommand', 2));
      at.proxy.use(throttle('ListCommandInvocations', 4));
    },
    live: GOOD,
    effects: all(GOOD.tag),
    // One question, four deployments, and the two that were refused.
    tries: { of: sent, are: 7 },
    resumed: all(GOOD.tag),
  },
  'throttling without end': {
    begin: (at) =>
      at.proxy.use((call, next, gone) =>
        deploysTo()(call) ? throttle('SendCommand', 99)(call, next, gone) : next(),
      ),
    ...NEVER_LET_IN,
    tries: { of: sent, are: 1 + 4 },
  },
  'a partial failure': {
    begin: (at) => at.behave(at.second, 'fails'),
    ends: { ...UNCERTAIN, retryable: false },
    live: BAD,
    effects: ['1 v1.1.0', '3 v1.1.0', '4 v1.1.0'],
    end: (at) => at.behave(at.second, 'fails', false),
    // Only the machine that had failed.
    resumed: all(GOOD.tag),
    saw: {
      of: (at) => at.proxy.calls.findLast(deploysTo())?.input['InstanceIds'],
      is: ['i-00000000000000002'],
    },
  },
  'a timeout after the change was made': {
    begin: (at) => at.proxy.use(holdAfter('SendCommand', deploysTo())),
    cutAt: (at) => at.firstIsDone(),
    ends: UNCERTAIN,
    live: BAD,
    effects: ['1 v1.1.0'],
    end: (at) => at.proxy.calm(),
    resumed: all(GOOD.tag),
  },
  'a kill in the middle': {
    begin: (at) => at.proxy.use(hold('SendCommand', deploysTo(at.second))),
    cutAt: (at) =>
      until('it goes on to the second machine', () => at.proxy.calls.some(deploysTo(at.second))),
    live: BAD,
    effects: ['1 v1.1.0'],
    end: (at) => at.proxy.calm(),
    resumed: all(GOOD.tag),
  },
});
