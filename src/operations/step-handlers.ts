import { BackoutError } from '../model/error.ts';
import type { StageResult } from '../model/check.ts';
import { covers, effectiveFlags } from '../model/flags.ts';
import { isProven, proveFlags } from '../model/instance.ts';
import { describeOther, runsRelease } from '../model/live.ts';
import type { StepAction } from '../model/plan.ts';
import type { Scope } from '../model/scope.ts';
import type { Breakers } from '../ports/breakers.ts';
import type { Check } from '../ports/checks.ts';
import { type Clock, timestamp } from '../ports/clock.ts';
import type { FlagStore } from '../ports/flags.ts';
import type { ReleaseRecords } from '../ports/releases.ts';
import type { ReleaseRef, Target } from '../ports/target.ts';
import { endHold } from './end-hold.ts';
import { PROOF_POLL_MS, SILENT_AFTER_MS } from './proof-times.ts';
import {
  done,
  foreignStep,
  type HandlerFor,
  notDone,
  type StepContext,
  type StepHandler,
  unknown,
} from './step-handler.ts';
import { validateStep } from './validate-step.ts';

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
      case 'end-hold':
        return endHold(ports, action);
      case 'validate':
        return validateStep(ports, action);
      case 'flush-cache':
      case 'restart-service':
      case 'set-flag':
      case 'prove-flag-group':
        // A rollback is handed nothing that edits flags, restarts or empties.
        throw foreignStep('rollback', action);
      default:
        return action satisfies never;
    }
  };
}

type ActionOf<Kind extends StepAction['kind']> = Extract<StepAction, { kind: Kind }>;

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
  let isStored = false;
  return {
    async apply(context) {
      await ports.flags.engage(overrideOf(context, action.groups));
      isStored = ports.flags.readsBack === true;
    },
    async confirm({ incident }) {
      const { expect: groups } = action;
      if (groups === undefined) {
        if (isStored) return done('Override stored and read back.');
        return await confirmOverride(ports, action, incident);
      }
      const snapshot = await ports.flags.read();
      const mine = snapshot.overrides.filter((override) => override.incident === incident);
      if (mine.length === 0) return notDone('No override of this incident is stored.');
      // What backout.yml has, not what is stored: a group that nobody published is not safe.
      const missing = groups.filter((group) => !Object.hasOwn(snapshot.safe, group));
      const open = groups.filter((group) => !mine.some((override) => covers(override, group)));
      const unsafe = effectiveFlags(snapshot)
        .filter(
          ({ group, safe, value }) =>
            groups.includes(group) && safe !== undefined && value !== safe,
        )
        .map(({ name }) => name);
      if (missing.length > 0) {
        return notDone(
          `These groups have no stored safe values: ${missing.join(', ')} (\`backout flags publish\`).`,
        );
      }
      const unpublished = (action.flags ?? []).filter(
        (name) =>
          !effectiveFlags(snapshot).some((flag) => flag.name === name && flag.safe !== undefined),
      );
      if (unpublished.length > 0) {
        return notDone(
          `These flags have no stored safe value: ${unpublished.join(', ')} (\`backout flags publish\`).`,
        );
      }
      if (open.length > 0) return notDone(`These groups are not covered: ${open.join(', ')}.`);
      if (unsafe.length > 0) return notDone(`Not at their safe values: ${unsafe.join(', ')}.`);
      return done(`Override stored and read back; ${groups.length} flag groups are safe.`);
    },
  };
}

/** In haste: that the decision is durable, and as wide as it was asked for. */
async function confirmOverride(
  ports: HandlerPorts,
  { groups }: ActionOf<'engage-override'>,
  incident: string,
) {
  const all = await ports.flags.overrides();
  const mine = all.filter((override) => override.incident === incident);
  const wide = mine.some(
    (override) =>
      override.mode === 'unreadable' ||
      (override.mode === 'safe' &&
        (override.groups === undefined ||
          (groups?.every((group) => override.groups?.includes(group)) ?? false))),
  );
  if (!wide) return notDone('No override of this incident is stored that covers all of it.');
  return done('Override stored and read back.');
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
  const look = async (incident: string) => {
    const { epoch, overrides } = await ports.breakers.read();
    const proof = proveFlags(
      epoch,
      await ports.breakers.instances(),
      ports.clock.now(),
      SILENT_AFTER_MS,
    );
    // Without our announcement in it, having reached this state proves nothing about ours.
    const announced = overrides.some((one) => one.incident === incident && one.mode !== 'lifted');
    return { proof, announced };
  };
  return {
    async apply({ signal, incident }) {
      for (;;) {
        const { proof, announced } = await look(incident);
        if (announced && isProven(proof)) return;
        await ports.clock.sleep(PROOF_POLL_MS, signal);
      }
    },
    async confirm({ incident }) {
      const { proof, announced } = await look(incident);
      const silent = proof.silent.length === 0 ? '' : ` Silent: ${proof.silent.join(', ')}.`;
      if (!announced) return unknown('The safe state was not announced to the running service.');
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

function releaseOf({ tag, commit, artefact }: ActionOf<'preflight' | 'deploy'>): ReleaseRef {
  return { tag, commit, ...(artefact === undefined ? {} : { artefact }) };
}

function preflight(ports: HandlerPorts, action: ActionOf<'preflight'>): StepHandler {
  let proven = false;
  let doubt: string | undefined;
  return {
    async apply() {
      doubt = (await findTarget(ports, action.target).preflight(releaseOf(action))) ?? undefined;
      proven = true;
    },
    confirm: () =>
      Promise.resolve(
        proven
          ? done(
              `${action.tag} can be deployed to ${action.target}${doubt === undefined ? '' : `; ${doubt}`}.`,
            )
          : notDone('The target was not touched.'),
      ),
  };
}

function deploy(ports: HandlerPorts, action: ActionOf<'deploy'>): StepHandler {
  const { tag, commit, artefact } = action;
  const readMs = ports.targets.find(({ name }) => name === action.target)?.readMs;
  return {
    ...(readMs === undefined ? {} : { confirmMs: readMs }),
    async apply({ fence, incident, signal }) {
      const target = findTarget(ports, action.target);
      await target.apply(releaseOf(action), { fence: fence(action.target), incident, signal });
    },
    async confirm({ signal }) {
      const live = await findTarget(ports, action.target).current(signal);
      const named = artefact === undefined ? undefined : live.artefacts?.includes(artefact);
      if (!live.known) {
        // What the platform cannot name, the record does.
        if (named === true) return done(`${action.target} runs ${artefact}, which is ${tag}.`);
        return unknown(`${action.target} does not say what is live: ${live.problem}`);
      }
      // A target that says a commit means this release, too.
      if (named === false && runsRelease(live, { tag, commit })) {
        return notDone(`${action.target} runs another ${tag} than ${artefact}: ${live.detail}.`);
      }
      return runsRelease(live, { tag, commit })
        ? done(`${action.target} says that ${tag} is live.`)
        : notDone(`${action.target} says that ${describeOther(live, action)} is live.`);
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
      // Recorded at another commit, what ran is not held: the same commit may come back by another tag.
      if (release !== undefined && release.commit !== action.commit) {
        const recorded = release.commit.slice(0, 10);
        return notDone(
          `${action.tag} ran at ${action.commit.slice(0, 10)}, and is recorded, and held, at ${recorded}.`,
        );
      }
      return release?.hold !== undefined && release.status === 'bad'
        ? done(`${action.tag} is marked bad and held.`)
        : notDone(`${action.tag} is not held.`);
    },
  };
}
