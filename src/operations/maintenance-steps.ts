import { digestGroups, effectiveFlags } from '../model/flags.ts';
import { isProven, proveFlagGroup } from '../model/instance.ts';
import { BackoutError } from '../model/error.ts';
import type { StepAction } from '../model/plan.ts';
import type { Breakers } from '../ports/breakers.ts';
import type { Cache } from '../ports/caches.ts';
import type { Check } from '../ports/checks.ts';
import type { Clock } from '../ports/clock.ts';
import type { FlagEditor, FlagStore } from '../ports/flags.ts';
import type { ManagedService, ServiceStatus } from '../ports/services.ts';
import { PROOF_POLL_MS, SILENT_AFTER_MS } from './proof-times.ts';
import {
  type Confirmation,
  done,
  foreignStep,
  type HandlerFor,
  notDone,
  type StepContext,
  type StepHandler,
  unknown,
} from './step-handler.ts';

/** Between two looks at a service that comes up. */
const STATUS_EVERY_MS = 500;

export interface MaintenancePorts {
  clock: Clock;
  flags: FlagStore;
  editor: FlagEditor;
  breakers: Breakers;
  checks: readonly Check[];
  caches: readonly Cache[];
  services: readonly ManagedService[];
}

type ActionOf<Kind extends StepAction['kind']> = Extract<StepAction, { kind: Kind }>;

/** The handlers of the steps of maintenance. */
export function maintenanceHandlers(ports: MaintenancePorts): HandlerFor {
  return (action) => {
    switch (action.kind) {
      case 'flush-cache':
        return flushCache(ports, action);
      case 'restart-service':
        return restartService(ports, action);
      case 'set-flag':
        return setFlag(ports, action);
      case 'prove-flag-group':
        return proveGroup(ports, action);
      case 'engage-override':
      case 'trip-breakers':
      case 'prove-flags':
      case 'preflight':
      case 'deploy':
      case 'record-release':
      case 'hold-release':
      case 'end-hold':
      case 'validate':
        throw foreignStep('maintenance', action);
      default:
        return action satisfies never;
    }
  };
}

function flushCache({ caches }: MaintenancePorts, action: ActionOf<'flush-cache'>): StepHandler {
  const cache = find(caches, action.cache, 'cache');
  let removed: number | undefined;
  return {
    async apply(context) {
      removed = (await cache.flush(runOf(context), context)).removed;
    },
    async confirm(context) {
      if (removed === undefined) return unknown('It was not gone through to the end.');
      if (!(await cache.isFlushed(runOf(context)))) {
        return notDone('Keys from before the start are still there.');
      }
      return done(`${removed.toLocaleString('en')} keys removed, read back.`);
    },
  };
}

/** Another one for every execution, and the same when a step is tried again. */
function runOf({ incident, startedAt }: Pick<StepContext, 'incident' | 'startedAt'>): string {
  return `${incident}-${startedAt}`;
}

/**
 * Restarted is what runs as another process than before, where the platform tells processes apart;
 * up is what its status and its check say.
 */
function restartService(ports: MaintenancePorts, action: ActionOf<'restart-service'>): StepHandler {
  const service = find(ports.services, action.service, 'service');
  let before: ServiceStatus | undefined;
  let restarted = false;

  async function look(signal: AbortSignal): Promise<Confirmation> {
    const status = await service.status(signal);
    if (status.state === 'unknown') return unknown(`${status.detail}.`);
    if (status.state === 'down') return notDone(`It is not up: ${status.detail}.`);
    const old = before?.state === 'up' ? before.run : undefined;
    if (old !== undefined && status.run === old) return notDone('Still the process from before.');
    const { check } = action;
    if (check === undefined) return done(`Restarted; up: ${status.detail}.`);
    const { verdict, reason } = await ask(ports, check, signal);
    if (verdict === 'passed') return done(`Restarted; up, and ${check} passed: ${reason}`);
    const said = `It is up, and ${check} says ${verdict}: ${reason}`;
    return verdict === 'failed' ? notDone(said) : unknown(said);
  }

  return {
    async apply({ signal, note }) {
      before ??= await service.status(signal);
      await service.restart(signal);
      restarted = true;
      note(`${service.name} was restarted; waiting until it is up.`);
      // Until it is up, or the step's cap is over: the confirmation then says what is missing.
      try {
        while ((await look(signal)).state !== 'done') {
          await ports.clock.sleep(STATUS_EVERY_MS, signal);
        }
      } catch (error) {
        if (!isTimeUp(signal)) throw error;
      }
    },
    async confirm({ signal }) {
      if (!restarted) return unknown('The restart did not come to its end.');
      return await look(signal);
    },
  };
}

/** Whether the step's cap is over, and not its lease or a person's patience. */
function isTimeUp({ reason }: AbortSignal): boolean {
  return reason instanceof BackoutError && reason.code === 'E_TIMEOUT';
}

/** Asks one check with the expectations of the state that is on now. */
async function ask(ports: MaintenancePorts, name: string, signal: AbortSignal) {
  const check = find(ports.checks, name, 'check');
  const { overrides } = await ports.flags.read();
  const safeState = overrides.some(({ mode }) => mode !== 'lifted');
  const answer = await check.run({ safeState, signal });
  return answer ?? { verdict: 'inconclusive' as const, reason: 'it is left out in the safe state' };
}

function setFlag(ports: MaintenancePorts, action: ActionOf<'set-flag'>): StepHandler {
  const { group, flag, value } = action;
  return {
    async apply() {
      await ports.editor.setBase(group, flag, value);
    },
    async confirm() {
      const found = effectiveFlags(await ports.flags.read()).find(({ name }) => name === flag);
      if (found === undefined) return notDone(`There is no flag ${flag}.`);
      if (found.base !== value) return notDone(`Its base value is ${String(found.base)}.`);
      return done(`Stored and read back: ${flag} = ${String(value)}.`);
    },
  };
}

/** Waits until the requests of every running instance use the stored values of a group. */
function proveGroup(ports: MaintenancePorts, { group }: ActionOf<'prove-flag-group'>): StepHandler {
  const look = async (): Promise<Confirmation> => {
    const [snapshot, instances] = await Promise.all([
      ports.flags.read(),
      ports.breakers.instances(),
    ]);
    const digest = digestGroups(effectiveFlags(snapshot))[group];
    if (digest === undefined) return notDone(`The group ${group} is not published.`);
    const wanted = { group, digest };
    const proof = proveFlagGroup(wanted, instances, ports.clock.now(), SILENT_AFTER_MS);
    const silent = proof.silent.length === 0 ? '' : ` Silent: ${proof.silent.join(', ')}.`;
    if (isProven(proof)) return done(`Used by ${proof.acknowledged.join(', ')}.${silent}`);
    const mute = instances.filter(
      ({ id, flags }) => proof.laggards.includes(id) && flags === undefined,
    );
    if (mute.length > 0) {
      const who = mute.map(({ id }) => id).join(', ');
      return unknown(`${who} cannot say: its client is older than this test.`);
    }
    if (proof.laggards.length === 0) return unknown(`No running instance answered.${silent}`);
    return notDone(`Not used by ${proof.laggards.join(', ')}.${silent}`);
  };
  return {
    async apply({ signal }) {
      while ((await look()).state !== 'done') await ports.clock.sleep(PROOF_POLL_MS, signal);
    },
    confirm: look,
  };
}

function find<Part extends { name: string }>(
  parts: readonly Part[],
  name: string,
  what: string,
): Part {
  const part = parts.find((one) => one.name === name);
  if (part !== undefined) return part;
  throw new BackoutError({
    code: 'E_PLAN_STALE',
    kind: 'refused',
    message: `The plan names the ${what} "${name}", which backout.yml does not have.`,
    remedy: 'Start again: the configuration changed since this plan.',
  });
}
