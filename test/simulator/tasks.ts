/** What the actors do: the same calls that the entry points make, as far as there are any yet. */

import { BackoutError } from '../../src/model/error.ts';
import { targetResource } from '../../src/model/lease.ts';
import { runCapped } from '../../src/operations/cap.ts';
import { closeIncident } from '../../src/operations/close-incident.ts';
import { findIncident, newIncidentId, openIncident } from '../../src/operations/incidents.ts';
import { withLeases } from '../../src/operations/leases.ts';
import { liftOverride } from '../../src/operations/lift-override.ts';
import { makeSafe } from '../../src/operations/make-safe.ts';
import { maintain } from '../../src/operations/maintain.ts';
import type { MaintenancePorts } from '../../src/operations/maintenance-steps.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { planFlagTest, planFlush, planRestart } from '../../src/operations/plan-maintenance.ts';
import { recoverBreakers } from '../../src/operations/recover.ts';
import { prepareReturn } from '../../src/operations/prepare-return.ts';
import { resumeRollback } from '../../src/operations/resume.ts';
import { prepareRollback, rollBack } from '../../src/operations/roll-back.ts';
import { tripBreakers } from '../../src/operations/trip-breakers.ts';
import { noAnswer, timestamp } from '../../src/ports/clock.ts';
import { CANARY, START } from './history.ts';
import type { Process } from './process.ts';
import { RELEASES } from './history.ts';
import type { Task } from './scene.ts';

type Ports = OperationPorts & MaintenancePorts;

/** An alarm that is older than this says nothing about now. */
const STALE_ALARM_MS = 15 * 60_000;
const DEPLOY_CAP_MS = 60_000;
const RETRY_MS = 30_000;
const TRIES = 3;

/** What a task came to: what it reports, for the invariants to compare with what is true. */
export interface Reported {
  kind: string;
  value: unknown;
}

export async function perform(
  ports: Ports,
  process: Process,
  onReport: (reported: Reported) => void,
): Promise<void> {
  const { task } = process;
  for (let tries = 1; ; tries += 1) {
    try {
      await performOnce(ports, process, task, tries, onReport);
      return;
    } catch (error) {
      // Anything else is a fault of ours: no operation may throw it.
      if (!(error instanceof BackoutError)) throw error;
      ports.observe({
        type: 'note',
        text: `${task.kind} ended with ${error.code}: ${error.message}`,
      });
      // A usage error would be the same again; what was refused may be possible later.
      if (tries >= TRIES || error.kind === 'usage') return;
      await ports.clock.sleep(RETRY_MS * tries);
    }
  }
}

async function performOnce(
  ports: Ports,
  { name, actor }: Process,
  task: Task,
  tries: number,
  onReport: (reported: Reported) => void,
): Promise<void> {
  const request = { actor: name, reason: 'error rate 21 %', rule: 'critical-errors' };
  const report = (value: unknown): void => onReport({ kind: task.kind, value });
  switch (task.kind) {
    case 'alarm': {
      // An OK only says that the alarm is over: a machine never turns anything on again.
      if (task.state === 'OK' || ports.clock.now() - START - task.raised > STALE_ALARM_MS) return;
      const { incident } = task;
      return report(
        await makeSafe(ports, { ...request, ...(incident === undefined ? {} : { incident }) }),
      );
    }
    case 'rollback': {
      // Whoever starts again what was interrupted is told to finish it: then that is done first.
      const again = name !== `${actor}#1` || tries > 1;
      const resumed = again && (await tryToResume(ports, name, report));
      if (resumed) return;
      const prepared = await prepareRollback(ports, 'application', undefined);
      await ports.clock.sleep(task.think);
      return report(await rollBack(ports, prepared, request));
    }
    case 'resume':
      return report(await resumeRollback(ports, undefined, name));
    case 'return':
      return report(await undo(ports, name, task.think));
    case 'trip': {
      if (!ports.facts.fastPath) return;
      const found = await findIncident(ports, undefined).catch(() => undefined);
      const incident = found?.id ?? newIncidentId(ports);
      if (found === undefined) await openIncident(ports, incident, request);
      const { isolate } = task;
      const providers = ['stripe'];
      return report(await tripBreakers(ports, { ...request, incident, providers, isolate }));
    }
    case 'recover': {
      if (!ports.facts.fastPath) return;
      const incident = await requireOpen(ports);
      const providers = ['stripe', 'mailer'].map((provider) => ({
        provider,
        sample: 0.1,
        watchMs: 20_000,
      }));
      const releaseIsolated = task.named;
      return report(
        await recoverBreakers(ports, { incident, actor: name, releaseIsolated, providers }),
      );
    }
    case 'lift': {
      const incident = await requireOpen(ports);
      const person = 'Kim Larsen';
      const lift = { incident, person, reason: 'fixed', acknowledgeWithinMs: 1_500 };
      return report(await liftOverride(ports, lift));
    }
    case 'close': {
      const incident = await findIncident(ports, undefined);
      if (incident === undefined) return;
      return report(await closeIncident(ports, incident, { actor: 'Kim Larsen', reason: 'fixed' }));
    }
    case 'maintain':
      return report(await carryOutWork(ports, name, task.work));
    case 'deploy':
      return await deploy(ports, name, task.tag);
    default:
      task satisfies never;
  }
}

async function requireOpen(ports: Ports): Promise<string> {
  const incident = await findIncident(ports, undefined);
  if (incident !== undefined) return incident.id;
  throw new BackoutError({
    code: 'E_NO_INCIDENT',
    kind: 'usage',
    message: 'No incident is open.',
    remedy: 'Nothing to do.',
  });
}

async function tryToResume(
  ports: Ports,
  name: string,
  report: (value: unknown) => void,
): Promise<boolean> {
  const nothing = ['E_NOTHING_TO_RESUME', 'E_NO_INCIDENT', 'E_PLAN_STALE', 'E_LIVE_UNKNOWN'];
  try {
    const result = await resumeRollback(ports, undefined, name);
    report(result);
    return result.execution.plan.level === 'application';
  } catch (error) {
    if (error instanceof BackoutError && nothing.includes(error.code)) return false;
    throw error;
  }
}

/** Whoever began to undo a rollback is told to finish that. */
async function undo(ports: Ports, name: string, think: number): Promise<unknown> {
  try {
    const prepared = await prepareReturn(ports, undefined);
    await ports.clock.sleep(think);
    const request = { actor: name, reason: 'the provider is ill', rule: 'manual' };
    return await rollBack(ports, prepared, request);
  } catch (error) {
    if (!(error instanceof BackoutError) || error.code !== 'E_UNFINISHED') throw error;
    return await resumeRollback(ports, undefined, name);
  }
}

async function carryOutWork(
  ports: Ports,
  name: string,
  work: Extract<Task, { kind: 'maintain' }>['work'],
): Promise<unknown> {
  const { facts, caches, services } = ports;
  const plans = {
    flush: () => planFlush(facts, caches),
    restart: () =>
      planRestart(
        facts,
        services.map((one) => ({ name: one.name, timeoutMs: 30_000 })),
      ),
    'flag-test': () => planFlagTest(facts, CANARY),
  };
  const request = { actor: name, reason: 'stale prices', work, announce: true };
  return await maintain(ports, plans[work](), request);
}

/** What a team's pipeline does, under the same leases as we. */
async function deploy(ports: Ports, name: string, tag: string): Promise<void> {
  const release = RELEASES.find((one) => one.tag === tag);
  if (release === undefined) throw new Error(`There is no release ${tag}.`);
  const { leases, clock, scope, settings, targets } = ports;
  const resources = targets.map((target) => targetResource(scope, target.name));
  const lease = { resources, holder: name, incident: 'none', ttlMs: settings.leaseTtlMs };
  const note = (text: string): void => ports.observe({ type: 'note', text });
  await withLeases({ leases, clock, request: lease, waitMs: 60_000, note }, async (held) => {
    for (const target of targets) {
      const fence = held.fence(targetResource(scope, target.name));
      const applied = await runCapped(clock, DEPLOY_CAP_MS, async (signal) => {
        await target.apply(release, {
          fence,
          incident: 'none',
          signal: AbortSignal.any([signal, held.lost]),
        });
      });
      if (!applied.ended) throw noAnswer(DEPLOY_CAP_MS);
      if ('error' in applied) throw applied.error;
    }
    await ports.releases.record(scope, { ...release, at: timestamp(clock) });
  });
}
