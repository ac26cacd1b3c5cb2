import type { Lease } from '../../../src/model/lease.ts';
import { type Plan, readPlan } from '../../../src/model/plan.ts';
import type { LeaseRequest } from '../../../src/ports/leases.ts';
import type { Process } from '../process.ts';
import type { Deployment, World, Write } from '../world.ts';
import type { Complain, Watch } from './invariant.ts';

interface Holding {
  holder: string;
  until: number;
}

/**
 * I3: one holder at a time, a number of its own for each, and no change with a lower one than came by.
 * I7: never to a release that is bad, held, or has no artefact.
 * I11: an emergency touches no target.
 * I13: what went live after a plan was made is not overwritten by it.
 */
export function targetsAreGuarded(world: World, complain: Complain): Watch {
  const holders = new Map<string, Holding>();
  /** By resource and fence: who got it, and when. */
  const fences = new Map<string, { holder: string; at: number }>();
  const highest = new Map<string, number>();
  const changedWith = new Map<string, number>();
  const unfit = new Map<string, number>();
  const plans = new Map<Process, Plan>();
  const liveSince = new Map<string, number>();
  let seen = 0;
  for (const { tag, status, hold } of world.view.releases) {
    if (status === 'bad' || hold !== undefined) unfit.set(tag, 0);
  }

  function checkAcquired(write: Write): void {
    const { ttlMs, holder } = write.args[0] as LeaseRequest;
    for (const lease of write.value as Lease[]) {
      const { resource, fence } = lease;
      const other = holders.get(resource);
      if (other !== undefined && other.holder !== holder && other.until > write.at) {
        complain('I3', `${holder} got ${resource} while ${other.holder} has it.`);
      }
      holders.set(resource, { holder, until: write.at + ttlMs });
      const known = fences.get(`${resource} ${fence}`);
      if (known !== undefined && known.holder !== holder) {
        complain('I3', `${known.holder} and ${holder} both got number ${fence} of ${resource}.`);
      }
      fences.set(`${resource} ${fence}`, known ?? { holder, at: write.at });
      if (fence < (highest.get(resource) ?? 0))
        complain('I3', `Number ${fence} came after a higher one.`);
      highest.set(resource, Math.max(fence, highest.get(resource) ?? 0));
    }
  }

  function checkDeployment(change: Deployment): void {
    const { target, tag, before, fence, process, at } = change;
    const last = changedWith.get(target) ?? 0;
    if (fence < last)
      complain('I3', `${process.name} changed ${target} with ${fence} after ${last}.`);
    changedWith.set(target, Math.max(fence, last));
    const since = liveSince.get(target) ?? 0;
    liveSince.set(target, at);
    if (process.task.kind === 'deploy') return;
    const granted = fences.get(`${world.resourceOf(target)} ${fence}`);
    const leasedAt = granted?.at ?? 0;
    if (granted?.holder !== process.name) {
      complain(
        'I3',
        `${process.name} changed ${target} with the number of ${granted?.holder ?? 'nobody'}.`,
      );
    }
    const plan = plans.get(process);
    // What is held comes back only by a return, which is for exactly that.
    if ((unfit.get(tag) ?? Infinity) < leasedAt && plan?.undoes === undefined)
      complain('I7', `${tag} is held, and ${process.name} deployed it.`);
    const missing = world.scene.faults.some((one) => one.kind === 'no-artefact' && one.tag === tag);
    if (missing) complain('I7', `${tag} has no artefact, and ${process.name} deployed it.`);
    if (plan === undefined) return complain('I5', `${process.name} deployed without a plan.`);
    if (tag !== plan.to)
      complain('I10', `${process.name} deployed ${tag}; its plan says ${plan.to ?? '?'}.`);
    // Since 0: since before the night. What did not say what it ran was nobody's to compare with.
    const parts = plan.from_parts;
    const known = parts === undefined ? plan.from : parts[target];
    const planned = known === undefined || before === known || before === plan.to;
    if (planned || since === 0 || since > leasedAt) return;
    complain(
      'I13',
      `${before ?? '?'} went live after the plan to ${tag}, and ${process.name} overwrote it.`,
    );
  }

  return {
    statement(process, { kind, data }) {
      const plan = kind === 'execution-started' ? readPlan(data['plan']) : undefined;
      if (plan !== undefined) plans.set(process, plan);
    },
    request(process, store, op) {
      const touches = store === 'target' || store === 'leases';
      if (process.task.kind === 'alarm' && touches) {
        complain('I11', `${process.name} is an emergency and asks for ${store}.${op}.`);
      }
    },
    landed(write, _before, after) {
      if (write.store === 'leases') {
        if (write.op === 'acquire') checkAcquired(write);
        for (const { resource, holder, expiresAt } of (write.op === 'renew'
          ? write.value
          : []) as Lease[]) {
          holders.set(resource, { holder, until: Date.parse(expiresAt) });
        }
        for (const { resource, holder } of (write.op === 'release'
          ? write.args[0]
          : []) as Lease[]) {
          if (holders.get(resource)?.holder === holder) holders.delete(resource);
        }
      }
      for (const { tag, status, hold } of after.releases) {
        const isUnfit = status === 'bad' || hold !== undefined;
        if (isUnfit && !unfit.has(tag)) unfit.set(tag, write.at);
        if (!isUnfit) unfit.delete(tag);
      }
      while (seen < world.deployments.length) {
        const change = world.deployments[seen];
        seen += 1;
        if (change !== undefined) checkDeployment(change);
      }
    },
  };
}
