import { timestamp } from '../../src/ports/clock.ts';
import type { ReleaseRef } from '../../src/ports/target.ts';
import { withLeases } from '../../src/operations/leases.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { runStage } from '../../src/operations/validate.ts';
import { targetResource } from '../../src/model/lease.ts';
import { BackoutError } from '../../src/model/error.ts';

/** What a team's deploy pipeline does: deploy, record, and with `bake` call it good when it passes. */
export async function deployRelease(
  ports: OperationPorts,
  release: ReleaseRef,
  { bake }: { bake: boolean },
): Promise<void> {
  const resource = (target: string): string => targetResource(ports.scope, target);
  const request = {
    resources: ports.targets.map(({ name }) => resource(name)),
    holder: `deployment of ${release.tag}`,
    incident: 'none',
    ttlMs: ports.settings.leaseTtlMs,
  };
  const { leases, clock } = ports;
  const note = (text: string): void => ports.observe({ type: 'note', text });
  await withLeases({ leases, clock, request, waitMs: 0, note }, async (held) => {
    for (const target of ports.targets) {
      await target.preflight(release);
      const fence = held.fence(resource(target.name));
      await target.apply(release, { fence, incident: 'none', signal: AbortSignal.timeout(60_000) });
    }
    await ports.releases.record(ports.scope, { ...release, at: timestamp(clock) });
  });
  if (!bake) return;
  await ports.releases.mark(ports.scope, release.tag, 'baking');
  const stage = await runStage(ports.checks, 'now', {
    safeState: false,
    signal: AbortSignal.timeout(30_000),
  });
  if (stage.verdict !== 'passed') {
    const bad = stage.measurements.filter(({ verdict }) => verdict !== 'passed');
    throw new BackoutError({
      code: 'E_DRILL_SETUP',
      message: `${release.tag} should be good, but: ${bad.map(({ check, reason }) => `${check}: ${reason}`).join('; ')}`,
      state: 'The drill has not begun.',
      remedy: 'Look at the service log in the state folder of the drill.',
    });
  }
  await ports.releases.mark(ports.scope, release.tag, 'good');
}
