import { isMaintenance } from '../../src/model/incident.ts';
import { incidentsOf } from '../../src/model/journal-rules.ts';
import type { Process } from '../simulator/process.ts';
import { runScene } from '../simulator/run-scene.ts';
import type { Scene, Task } from '../simulator/scene.ts';
import type { World } from '../simulator/world.ts';

/** What came of killing one operation at all its boundaries. */
export interface CrashReport {
  operation: string;
  /** Found by a run without a crash, not listed by hand. */
  boundaries: number;
  /** One line per boundary whose end differs, or that broke an invariant. */
  problems: string[];
}

const alarm: Task = {
  actor: 'emergency-1',
  kind: 'alarm',
  state: 'ALARM',
  at: 0,
  raised: 0,
  incident: 'alarm-critical-errors',
};
const rollback = (at: number): Task => ({ actor: 'workflow', kind: 'rollback', at, think: 0 });
const recover = (at: number): Task => ({ actor: 'person', kind: 'recover', named: true, at });
const lift = (at: number): Task => ({ actor: 'person', kind: 'lift', at });

const maintain = (work: Extract<Task, { kind: 'maintain' }>['work']): Task => ({
  actor: 'person',
  kind: 'maintain',
  work,
  at: 0,
});

/** The last task of each is the operation that is killed. */
const NIGHTS: Readonly<Record<string, readonly [Task, ...Task[]]>> = {
  'make safe': [alarm],
  'roll back': [rollback(0)],
  'roll back after an alarm': [alarm, rollback(30_000)],
  'roll back and return': [rollback(0), { actor: 'person', kind: 'return', at: 200_000, think: 0 }],
  'trip a breaker': [{ actor: 'person', kind: 'trip', isolate: false, at: 0 }],
  'isolate a breaker': [{ actor: 'person', kind: 'trip', isolate: true, at: 0 }],
  'recover the breakers': [alarm, rollback(10_000), recover(200_000)],
  'lift the safe state': [alarm, rollback(10_000), recover(200_000), lift(300_000)],
  'close the incident': [
    alarm,
    rollback(10_000),
    recover(200_000),
    lift(300_000),
    { actor: 'person', kind: 'close', at: 400_000 },
  ],
  'empty the caches': [maintain('flush')],
  'restart the services': [maintain('restart')],
  'test the flags': [maintain('flag-test')],
  'empty the caches in an incident': [alarm, { ...maintain('flush'), at: 30_000 }],
};

export async function crashEverywhere(): Promise<CrashReport[]> {
  const reports: CrashReport[] = [];
  for (const [operation, tasks] of Object.entries(NIGHTS)) {
    for (const targets of [['web'], ['web', 'worker']]) {
      if (targets.length > 1 && !operation.startsWith('roll back')) continue;
      reports.push(await crashOne(`${operation} (${targets.join(', ')})`, tasks, targets));
    }
  }
  return reports;
}

async function crashOne(
  operation: string,
  tasks: readonly Task[],
  targets: string[],
): Promise<CrashReport> {
  const scene: Scene = {
    seed: 1,
    tasks: [...tasks],
    faults: [],
    targets,
    sideBySide: false,
    instances: 2,
    fastPath: true,
    underSafeState: 'measure',
    rollbackHelps: true,
  };
  const boundaries: string[] = [];
  const calm = await play(scene, (name) => {
    boundaries.push(name);
    return false;
  });
  const report: CrashReport = {
    operation,
    boundaries: boundaries.length,
    problems: [...calm.broken],
  };
  for (const [index, boundary] of boundaries.entries()) {
    let count = 0;
    const crashed = await play(scene, () => count++ === index);
    const problems = [...crashed.broken];
    if (crashed.end !== calm.end) problems.push(`ended with ${crashed.end} instead of ${calm.end}`);
    report.problems.push(...problems.map((problem) => `killed at ${boundary}: ${problem}`));
  }
  return report;
}

async function play(
  scene: Scene,
  crash: (boundary: string) => boolean,
): Promise<{ end: string; broken: string[] }> {
  const last = scene.tasks.at(-1);
  let victim: Process | undefined;
  const { violations, world } = await runScene(scene, {
    crashAt(process, store, op, phase) {
      if (process.task !== last) return false;
      // Only its first process; the one that goes on after it is left alone.
      victim ??= process;
      const isChange = !/read|list|look|current|instances|incidents|preflight|inspect/.test(op);
      return process === victim && isChange && crash(`${store}.${op}, ${phase}`);
    },
  });
  return { end: endOf(world), broken: violations.map(({ id, text }) => `${id}: ${text}`) };
}

/** What the outside sees, with every effect counted; not when, nor by which process. */
function endOf({ view, deployments, entries, maintained, services }: World): string {
  const incidents = incidentsOf(entries.map(({ entry }) => entry));
  return JSON.stringify({
    live: view.live,
    deployments: deployments.map(({ target, tag }) => `${target} ${tag}`),
    overrides: view.flags.overrides.map(({ mode }) => mode),
    breakers: Object.entries(view.breakers.states)
      .map(([provider, { state }]) => `${provider} ${state}`)
      .toSorted(),
    releases: view.releases
      .map(({ tag, status, hold }) => `${tag} ${status} ${hold === undefined ? 'free' : 'held'}`)
      .toSorted(),
    incidents: incidents.filter((one) => !isMaintenance(one)).map(({ status }) => status),
    // What was interrupted after its end is begun again, in another record.
    records: [...new Set(incidents.filter(isMaintenance).map(({ status }) => status))],
    base: view.flags.base,
    restarts: services.map(({ name, effects }) => [name, effects.length > 0]),
    done: [...new Set(maintained.map(({ what }) => what))],
  });
}
