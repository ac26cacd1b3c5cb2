import { BackoutError } from '../model/error.ts';
import type { StageResult } from '../model/check.ts';
import { covers } from '../model/flags.ts';
import { isProven, proveFlags } from '../model/instance.ts';
import type { StepAction } from '../model/plan.ts';
import type { Scope } from '../model/scope.ts';
import type { Breakers } from '../ports/breakers.ts';
import type { Check } from '../ports/checks.ts';
import { type Clock, timestamp } from '../ports/clock.ts';
import type { FlagStore } from '../ports/flags.ts';
import type { ReleaseRecords } from '../ports/releases.ts';
import type { Target } from '../ports/target.ts';
import type { Confirmation, HandlerFor, StepContext, StepHandler } from './step-handler.ts';
import { runStage } from './validate.ts';

/** Between two looks at the instances' heartbeats: well under the second a proof should take. */
const PROOF_POLL_MS = 50;
/** A heartbeat comes every 2 s (docs/contract.md); after three missed ones an instance is silent. */
export const SILENT_AFTER_MS = 6_000;

export interface HandlerPorts {
  scope: Scope;
  clock: Clock;
  flags: FlagStore;
  breakers: Breakers;
  releases: ReleaseRecords;
  targets: readonly Target[];
  checks: readonly Check[];
  /** Called with every stage as it is measured. */
  onStage: (stage: StageResult) => Promise<void>;
}

/** The handlers of all kinds of step over the given ports. */
export function stepHandlers(ports: HandlerPorts): HandlerFor {
  return (action) => {
    switch (action.kind) {
      case 'engage-override':
        return engageOverride(ports, action);
      case 'trip-breakers':
        return tripBreakers(ports, action);
      case 'prove-flags':
        return proveFlagsTaken(ports);
      case 'preflight':
        return preflight(ports, action);
      case 'deploy':
        return deploy(ports, action);
      case 'record-release':
        return recordRelease(ports, action);
      case 'hold-release':
        return holdRelease(ports, action);
      case 'validate':
        return validate(ports, action);
      default:
        return action satisfies never;
    }
  };
}

type ActionOf<Kind extends StepAction['kind']> = Extract<StepAction, { kind: Kind }>;

const done = (detail: string): Confirmation => ({ state: 'done', detail });
const notDone = (detail: string): Confirmation => ({ state: 'not-done', detail });
const unknown = (detail: string): Confirmation => ({ state: 'unknown', detail });

function overrideOf(context: StepContext, groups: string[] | undefined) {
  const { incident, actor, rule, reason, startedAt } = context;
  return {
    mode: 'safe' as const,
    incident,
    ...(groups === undefined ? {} : { groups }),
    // The start of the execution, not now: applied again, it is the same document.
    since: new Date(startedAt).toISOString(),
    by: actor,
    rule,
    reason,
  };
}

function engageOverride(ports: HandlerPorts, action: ActionOf<'engage-override'>): StepHandler {
  return {
    async apply(context) {
      await ports.flags.engage(overrideOf(context, action.groups));
    },
    async confirm({ incident }) {
      const snapshot = await ports.flags.read();
      const mine = snapshot.overrides.filter((override) => override.incident === incident);
      const groups = action.groups ?? Object.keys(snapshot.safe);
      const open = groups.filter((group) => !mine.some((override) => covers(override, group)));
      if (mine.length === 0) return notDone('No override of this incident is stored.');
      if (open.length > 0) return notDone(`These groups are not covered: ${open.join(', ')}.`);
      return done(`Override stored and read back; ${groups.length} flag groups are safe.`);
    },
  };
}

function tripBreakers(ports: HandlerPorts, action: ActionOf<'trip-breakers'>): StepHandler {
  return {
    async apply(context) {
      const { actor: by, reason, incident } = context;
      const override = overrideOf(context, action.groups);
      const { providers } = action;
      await ports.breakers.trip({ providers, by, reason, incident, at: override.since, override });
    },
    async confirm() {
      const { states } = await ports.breakers.read();
      const passing = action.providers.filter((provider) => {
        const state = states[provider]?.state;
        return state !== 'open' && state !== 'isolated';
      });
      return passing.length === 0
        ? done(`Open: ${action.providers.join(', ') || 'none configured'}.`)
        : notDone(`Still letting calls through: ${passing.join(', ')}.`);
    },
  };
}

/** Waits until the running instances say that their request path uses the state we made. */
function proveFlagsTaken(ports: HandlerPorts): StepHandler {
  const look = async () => {
    const [{ epoch }, instances] = [await ports.breakers.read(), await ports.breakers.instances()];
    return proveFlags(epoch, instances, ports.clock.now(), SILENT_AFTER_MS);
  };
  return {
    async apply({ signal }) {
      while (!isProven(await look())) await ports.clock.sleep(PROOF_POLL_MS, signal);
    },
    async confirm() {
      const proof = await look();
      const silent = proof.silent.length === 0 ? '' : ` Silent: ${proof.silent.join(', ')}.`;
      if (isProven(proof)) {
        return done(`Acknowledged by ${proof.acknowledged.join(', ')}.${silent}`);
      }
      if (proof.laggards.length > 0) {
        return notDone(`Not acknowledged by ${proof.laggards.join(', ')}.${silent}`);
      }
      return unknown(`No running instance acknowledged.${silent}`);
    },
  };
}

function findTarget(ports: HandlerPorts, name: string): Target {
  const target = ports.targets.find((candidate) => candidate.name === name);
  if (target !== undefined) return target;
  throw new BackoutError({
    code: 'E_TARGET',
    kind: 'usage',
    message: `The plan names the target "${name}", which backout.yml does not have.`,
    remedy: 'Make a new plan: the configuration changed since this one.',
  });
}

function preflight(ports: HandlerPorts, action: ActionOf<'preflight'>): StepHandler {
  let proven = false;
  return {
    async apply() {
      await findTarget(ports, action.target).preflight({ tag: action.tag, commit: action.commit });
      proven = true;
    },
    confirm: () =>
      Promise.resolve(
        proven
          ? done(`${action.tag} can be deployed to ${action.target}.`)
          : notDone('The target was not touched.'),
      ),
  };
}

function deploy(ports: HandlerPorts, action: ActionOf<'deploy'>): StepHandler {
  const { tag, commit } = action;
  return {
    async apply({ fence, incident, signal }) {
      const target = findTarget(ports, action.target);
      await target.apply({ tag, commit }, { fence: fence(action.target), incident, signal });
    },
    async confirm({ signal }) {
      const live = await findTarget(ports, action.target).current(signal);
      if (!live.known)
        return unknown(`${action.target} does not say what is live: ${live.problem}`);
      const same = live.tag === tag && (live.commit === undefined || live.commit === commit);
      return same
        ? done(`${action.target} says that ${tag} is live.`)
        : notDone(`${action.target} says that ${live.tag} is live.`);
    },
  };
}

function recordRelease(ports: HandlerPorts, action: ActionOf<'record-release'>): StepHandler {
  const { tag, commit } = action;
  return {
    async apply({ deployedAt }) {
      const at = new Date(deployedAt).toISOString();
      await ports.releases.record(ports.scope, { tag, commit, at });
    },
    async confirm({ deployedAt }) {
      const releases = await ports.releases.list(ports.scope);
      const release = releases.find((one) => one.tag === tag);
      return release !== undefined && Date.parse(release.deployedAt) >= deployedAt
        ? done(`${tag} is recorded as live since ${release.deployedAt}.`)
        : notDone(`${tag} is not recorded as live.`);
    },
  };
}

function holdRelease(ports: HandlerPorts, action: ActionOf<'hold-release'>): StepHandler {
  return {
    async apply({ reason, incident, actor, startedAt }) {
      const { tag, commit } = action;
      const at = timestamp(ports.clock);
      const known = await ports.releases.list(ports.scope);
      if (!known.some((release) => release.tag === tag)) {
        // It went live without us: what is known is that it was live when the execution began.
        await ports.releases.record(ports.scope, {
          tag,
          commit,
          at: new Date(startedAt).toISOString(),
        });
      }
      await ports.releases.hold(ports.scope, tag, { reason, incident, by: actor, at });
      await ports.releases.mark(ports.scope, tag, 'bad');
    },
    async confirm() {
      const releases = await ports.releases.list(ports.scope);
      const release = releases.find(({ tag }) => tag === action.tag);
      return release?.hold !== undefined && release.status === 'bad'
        ? done(`${action.tag} is marked bad and held.`)
        : notDone(`${action.tag} is not held.`);
    },
  };
}

/** Measuring is the effect: a verdict that is not passed is a step that is not done. */
function validate(ports: HandlerPorts, action: ActionOf<'validate'>): StepHandler {
  /** The verdict that counts: at the end of the waiting time, or failed on the way. */
  let measured: StageResult | undefined;
  let begun = false;
  return {
    async apply({ signal, deployedAt, note }) {
      begun = true;
      const { clock, flags, checks } = ports;
      const measure = async (): Promise<StageResult> => {
        const { overrides } = await flags.read();
        const safeState = overrides.some((override) => override.mode !== 'lifted');
        return await runStage(checks, action.stage, { safeState, signal });
      };
      const due = deployedAt + action.after_ms;
      const wait = due - clock.now();
      if (wait > 0) note(`Watching for ${Math.ceil(wait / 1000)} s before ${action.stage}.`);
      while (clock.now() < due) {
        await clock.sleep(Math.min(action.every_ms, due - clock.now()), signal);
        if (clock.now() >= due) break;
        // Good on the way proves nothing yet, so it is not kept: the end may never be measured.
        const look = await measure();
        if (look.verdict !== 'failed') continue;
        // What is proven broken does not get better by waiting for the end of the bake.
        measured = look;
        return await ports.onStage(look);
      }
      measured = await measure();
      await ports.onStage(measured);
    },
    confirm() {
      if (measured === undefined) {
        // Begun and not measured says nothing about the service; never begun can simply be done.
        const open = begun ? unknown('It was not measured to the end.') : notDone('Not measured.');
        return Promise.resolve(open);
      }
      const bad = measured.measurements.filter(({ verdict }) => verdict !== 'passed');
      const why = bad.map((item) => `${item.check}: ${item.verdict}, ${item.reason}`).join('; ');
      switch (measured.verdict) {
        case 'passed':
          return Promise.resolve(done(`All ${measured.measurements.length} checks passed.`));
        case 'failed':
          return Promise.resolve(notDone(why));
        case 'error':
        case 'inconclusive':
          return Promise.resolve(unknown(why || 'No check is configured for this stage.'));
        default:
          return measured.verdict satisfies never;
      }
    },
  };
}
