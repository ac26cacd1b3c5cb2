import { beforeEach, describe, expect, it } from 'vitest';
import { hideSecrets } from '../../../src/adapters/aws/ssm-fleet.ts';
import type { DeployGuard } from '../../../src/ports/target.ts';
import { dropAfter, refuse } from '../../support/aws-proxy.ts';
import { AWS_SETUP_MS, requireAws } from '../../support/aws-server.ts';
import { type FleetFixture, fleetFixture, requireFlock } from '../../support/aws-ssm.ts';
import { failureOf } from '../../support/failure.ts';
import { until } from '../../support/until.ts';

beforeEach(requireAws, AWS_SETUP_MS);
beforeEach(requireFlock);

const GOOD = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
const BAD = { tag: 'v1.2.0', commit: 'b2'.repeat(20) };
const { signal } = new AbortController();

function guard(fence = 1, stop = signal): DeployGuard {
  return { fence, incident: 'incident1', signal: stop };
}

/** A fleet on which BAD is live, put there by somebody's own means. */
async function badIsLive(
  count = 5,
  more: Parameters<typeof fleetFixture>[1] = {},
): Promise<FleetFixture> {
  const fixture = await fleetFixture(count, more);
  for (const machine of fixture.machines) await fixture.put(machine, BAD);
  for (const release of [GOOD, BAD]) await fixture.publish(release);
  return fixture;
}

/** The machines of each deploy command, in order. */
function batches({ proxy }: FleetFixture): number[] {
  return proxy
    .inputs('SendCommand')
    .filter(({ Comment }) => String(Comment).includes(` ${GOOD.tag} to `))
    .map(({ InstanceIds }) => (InstanceIds as string[]).length);
}

function haveGood(fixture: FleetFixture): number {
  return fixture.machines.filter((machine) => fixture.live(machine).includes(GOOD.tag)).length;
}

describe('A fleet', () => {
  it('gets the release in batches, and says so', async () => {
    await using at = await badIsLive(5, { batch: { machines: 2 } });
    await at.target.apply(GOOD, guard());
    expect(batches(at)).toEqual([2, 2, 1]);
    expect(haveGood(at)).toBe(5);
    expect(at.lines.join('\n')).toContain('4 of 5 machines done, 0 failed');
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
  });

  it('may have batches by share, of at least one machine', async () => {
    await using at = await badIsLive(5, { batch: { share: 0.5 } });
    await at.target.apply(GOOD, guard());
    expect(batches(at)).toEqual([2, 2, 1]);
    await using small = await badIsLive(2, { batch: { share: 0.1 } });
    await small.target.apply(GOOD, guard());
    expect(batches(small)).toEqual([1, 1]);
  });

  it('has its units restarted one after another, each verified before the next', async () => {
    await using at = await badIsLive(1, { units: ['api.service', 'worker@1.service'] });
    await at.target.apply(GOOD, guard(4));
    expect(at.log(at.machines[0] ?? '')).toEqual([
      'change v1.1.0 fence=4 incident=incident1',
      'systemctl restart -- api.service',
      'systemctl is-active --quiet -- api.service',
      'systemctl restart -- worker@1.service',
      'systemctl is-active --quiet -- worker@1.service',
    ]);
  });

  it('is not changed where the release is already, and only there', async () => {
    await using at = await badIsLive(3, { batch: { machines: 3 } });
    const [first = ''] = at.machines;
    await at.put(first, GOOD);
    await at.target.apply(GOOD, guard());
    expect(at.log(first)).toEqual([]);
    expect(batches(at)).toEqual([2]);
  });

  it('that differs among itself is not one release, unless we are on the way', async () => {
    await using at = await badIsLive(3);
    const [first = ''] = at.machines;
    await at.put(first, GOOD);
    const live = await at.target.current(signal);
    expect(live).toMatchObject({ known: false });
    expect(JSON.stringify(live)).toContain('1 machine has v1.1.0');
  });

  it('without any machine, or without one that can be reached, is refused', async () => {
    await using at = await badIsLive(1);
    at.fleet.offline.add(at.machines[0] ?? '');
    await expect(at.target.preflight(GOOD)).rejects.toMatchObject({ code: 'E_PREFLIGHT' });
    await expect(at.target.apply(GOOD, guard())).rejects.toMatchObject({ code: 'E_PREFLIGHT' });
    const nobody = at.another({ instances: {} });
    await expect(nobody.preflight(GOOD)).rejects.toMatchObject({ code: 'E_PREFLIGHT' });
    expect(await nobody.current(signal)).toMatchObject({ known: false });
    expect(at.proxy.inputs('SendCommand')).toEqual([]);
  });
});

describe('Partial failure', () => {
  it('stops after the failures allowed, names each machine, and is neither success nor failure', async () => {
    await using at = await badIsLive(4);
    const [, second = '', third = '', fourth = ''] = at.machines;
    await at.behave(second, 'fails');
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error).toMatchObject({ code: 'E_DEPLOY', kind: 'uncertain', retryable: false });
    expect(error.message).toContain('v1.1.0 is on 1 of 4 machines');
    expect(error.message).toContain(`${second}: the deploy program ended with code 3`);
    expect(error.message).toContain(`not tried after that: ${third}, ${fourth}`);
    expect(error.message).not.toContain('hunter2');
    // What has to go counts as live, so that a resumed rollback goes on.
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: BAD.tag });
  });

  it('goes on past as many failures as are allowed', async () => {
    await using at = await badIsLive(4, { maxFailures: 1 });
    await at.behave(at.machines[0] ?? '', 'fails');
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error.message).toContain('v1.1.0 is on 3 of 4 machines');
    expect(haveGood(at)).toBe(3);
  });

  it('a machine that cannot be reached does not hold up the others, and is no success', async () => {
    await using at = await badIsLive(3);
    const [first = ''] = at.machines;
    at.fleet.offline.add(first);
    await expect(at.target.preflight(GOOD)).resolves.toBeUndefined();
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error.message).toContain(`${first}: no command reaches it`);
    expect(haveGood(at)).toBe(2);
    expect(await at.target.current(signal)).toMatchObject({ known: false });
  });

  it('a machine that is gone without SSM knowing it is named, and does not hold up the others', async () => {
    await using at = await badIsLive(3, { readTimeoutMs: 2_000 });
    const [first = ''] = at.machines;
    at.fleet.gone.add(first);
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error.message).toContain(`${first}: no command reaches it`);
    expect(haveGood(at)).toBe(2);
    const live = await at.target.current(signal);
    expect(live).toMatchObject({ known: false });
    expect(JSON.stringify(live)).toContain(first);
  });

  it('a unit that does not stay up fails its machine, which is done again although it has the files', async () => {
    await using at = await badIsLive(1, { units: ['api.service'] });
    const [machine = ''] = at.machines;
    await at.behave(machine, 'down');
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error.message).toContain('a unit did not come up');
    expect(error.message).toContain('main process exited');
    expect(at.live(machine)).toContain(GOOD.tag);
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: BAD.tag });
    await at.behave(machine, 'down', false);
    await at.target.apply(GOOD, guard());
    expect(at.log(machine).filter((line) => line.startsWith('change'))).toHaveLength(2);
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
  });

  it('a machine whose program cannot say what is live gets the release all the same', async () => {
    await using at = await badIsLive(2);
    await at.behave(at.machines[0] ?? '', 'mute');
    await at.target.apply(GOOD, guard());
    expect(haveGood(at)).toBe(2);
    expect(await at.target.current(signal)).toMatchObject({ known: false });
  });
});

describe('A bad day of AWS', () => {
  it('a command whose answer got lost is found again, and not sent twice', async () => {
    await using at = await badIsLive(1);
    at.proxy.use(dropAfter('SendCommand', 99));
    await at.target.apply(GOOD, guard());
    expect(batches(at)).toEqual([1]);
    expect(at.log(at.machines[0] ?? '')).toHaveLength(1);
  });

  it('stopped in the middle, the machines are asked to end it, and what was before counts', async () => {
    await using at = await badIsLive(1);
    await at.makeSlow();
    const stop = new AbortController();
    const applying = failureOf(at.target.apply(GOOD, guard(1, stop.signal)));
    const [machine = ''] = at.machines;
    await until('the deployment runs', () => at.read(machine, 'slow-pid') !== '');
    stop.abort();
    expect(await applying).toMatchObject({ code: 'E_DEPLOY', kind: 'uncertain' });
    expect(at.proxy.inputs('CancelCommand')).toHaveLength(1);
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: BAD.tag });
  });

  it('stopped before AWS has answered, a command that arrived all the same is ended too', async () => {
    await using at = await badIsLive(1);
    await at.makeSlow();
    const [machine = ''] = at.machines;
    const silent = at.proxy.use(async (call, next, gone) => {
      const answered = await next();
      if (call.operation !== 'SendCommand' || batches(at).length === 0) return answered;
      await new Promise((resolve) => gone.addEventListener('abort', resolve, { once: true }));
      return 'drop';
    });
    const stop = new AbortController();
    const applying = failureOf(at.target.apply(GOOD, guard(1, stop.signal)));
    await until('the deployment runs', () => at.read(machine, 'slow-pid') !== '');
    stop.abort();
    expect(await applying).toMatchObject({ code: 'E_DEPLOY', kind: 'uncertain' });
    silent();
    expect(at.proxy.inputs('CancelCommand')).toHaveLength(1);
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: BAD.tag });
  });

  it('a missing permission is named', async () => {
    await using at = await badIsLive(1);
    const said = 'not authorized to perform: ssm:SendCommand';
    at.proxy.use(refuse('SendCommand', 400, 'AccessDeniedException', said));
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error.message).toContain('ssm:SendCommand');
    expect(await at.target.current(signal)).toMatchObject({ known: false });
  });
});

describe('Words in a script', () => {
  it('arrive as they are, whatever is in them', async () => {
    const odd = `it's "$(touch pwned)" \`id\` $HOME; rm -rf * | & > < \\ é`;
    await using at = await badIsLive(1, {
      commands: {
        deploy: [
          'sh',
          '-c',
          'printf %s "$1" >"$HOST/said"; exec deploy --to "$2" "$3"',
          'x',
          odd,
          '{tag}',
          '{commit}',
        ],
        current: ['current'],
      },
    });
    await at.target.apply(GOOD, guard());
    expect(at.read(at.machines[0] ?? '', 'said')).toBe(odd);
  });

  it('have the recorded artefact in them, and as a variable', async () => {
    const deploy =
      'printf "%s %s" "$1" "$BACKOUT_ARTEFACT" >"$HOST/said"; exec deploy --to "$2" "$3"';
    await using at = await badIsLive(1, {
      commands: {
        deploy: ['sh', '-c', deploy, 'x', 'at-{artefact}', '{tag}', '{commit}'],
        current: ['current'],
      },
    });
    const refused = { code: 'E_ARTEFACT_MISSING', kind: 'refused' };
    await expect(at.target.preflight(GOOD)).rejects.toMatchObject(refused);
    await expect(at.target.apply(GOOD, guard())).rejects.toMatchObject(refused);
    expect(at.proxy.inputs('SendCommand')).toEqual([]);
    const artefact = 's3://shop/api-1.1.0.tar.gz';
    await at.target.apply({ ...GOOD, artefact }, guard());
    expect(at.read(at.machines[0] ?? '', 'said')).toBe(`at-${artefact} ${artefact}`);
  });

  it('a tag that is none never gets there', async () => {
    await using at = await badIsLive(1);
    const evil = { ...GOOD, tag: 'v1; reboot' };
    await expect(at.target.apply(evil, guard())).rejects.toMatchObject({ code: 'E_TAG_FORMAT' });
    await expect(at.target.apply({ ...GOOD, commit: '$(reboot)' }, guard())).rejects.toMatchObject({
      code: 'E_COMMIT_FORMAT',
    });
    expect(at.proxy.inputs('SendCommand')).toEqual([]);
  });
});

it.each([
  ['password=hunter2 and more', 'password=*** and more'],
  ['Authorization: Bearer abc.def', 'Authorization: ***'],
  ['postgres://shop:s3cret@db/shop', 'postgres://shop:***@db/shop'],
  ['key AKIAABCDEFGHIJKLMNOP used', 'key *** used'],
  ['nothing of the kind', 'nothing of the kind'],
])('What has the shape of a secret is not passed on: %s', (text, shown) => {
  expect(hideSecrets(text)).toBe(shown);
});
