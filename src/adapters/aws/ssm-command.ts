import { BackoutError } from '../../model/error.ts';
import { fillPlaces } from '../../model/places.ts';
import { requireReleaseFormat } from '../../model/release.ts';
import type { DeployGuard, LiveRelease, ReleaseRef, Target } from '../../ports/target.ts';
import { requireArtefact } from '../command/artefact.ts';
import { deployFailure, preflightFailure, saidBy } from './call-error.ts';
import { type Invocation, listMachines, type Machine, PAGE } from './ssm-calls.ts';
import {
  describeFleet,
  fleetRelease,
  hasRelease,
  type MachineState,
  readState,
  whyNot,
} from './ssm-fleet.ts';
import { isCode, mixedError, nobodyThere, requireNotOvertaken, requireYes } from './ssm-errors.ts';
import { type RunRequest, runOnMachines, type SsmRunner } from './ssm-run.ts';
import { stillWaiting } from './still-waiting.ts';
import {
  deployScript,
  markScript,
  preflightScript,
  type ScriptPlace,
  surveyScript,
  type Turn,
} from './ssm-script.ts';

export interface SsmCommandOptions extends SsmRunner {
  name: string;
  place: ScriptPlace;
  /** Tags that a machine must have, all of them. */
  instances: Readonly<Record<string, string>>;
  /** Program and arguments each, with `{tag}`, `{commit}` and `{artefact}` to be replaced. */
  commands: {
    preflight?: readonly string[] | undefined;
    deploy: readonly string[];
    /** Prints the tag that is live, or `{"tag", "commit"}` as JSON. */
    current: readonly string[];
  };
  /** systemd units to restart, in order. */
  units: readonly string[];
  /** Machines at a time: a number of 1 or more, or a share below 1. */
  batch: { machines: number } | { share: number };
  /** Failed machines after which no further batch starts. */
  maxFailures: number;
  /** Longest for one batch, in milliseconds; longest for a question to all machines. */
  timeoutMs: number;
  readTimeoutMs: number;
  /** One line for people per thing done. */
  onOutput?: (line: string) => void;
}

/**
 * A fleet of machines, through SSM Run Command. Machines that have the release already are left
 * alone, the others get it in batches: the deploy program, then its units one after another. What
 * happened is said machine by machine.
 */
export function ssmCommandTarget(options: SsmCommandOptions): Target {
  const { name, client, commands, place, onOutput = () => {} } = options;
  // A little less than what the whole question gets: then those who answered can still be read.
  const asking = {
    limitMs: options.readTimeoutMs,
    enoughAfterMs: options.readTimeoutMs * 0.8,
  };

  /** Runs a script on all machines that can be reached, 50 at a time side by side. */
  async function onAll(
    machines: readonly Machine[],
    request: Omit<RunRequest, 'machines'>,
  ): Promise<Map<string, Invocation>> {
    const ids = machines.filter(({ status }) => status === 'Online').map(({ id }) => id);
    const parts = Array.from({ length: Math.ceil(ids.length / PAGE) }, (_, at) =>
      ids.slice(at * PAGE, (at + 1) * PAGE),
    );
    const over = parts.map(() => 0);
    const results = await Promise.all(
      parts.map((part, at) =>
        runOnMachines(options, {
          ...request,
          machines: part,
          onLook(ended) {
            over[at] = ended;
            request.onLook?.(over.reduce((sum, one) => sum + one, 0));
          },
        }),
      ),
    );
    return new Map(results.flatMap((one) => [...one]));
  }

  /** For a question that people wait for. */
  function asked(): (over: number) => void {
    const say = stillWaiting(options.clock, onOutput);
    return (over) => say(`${over} machines of ${name} have answered.`);
  }

  async function current(signal: AbortSignal): Promise<LiveRelease> {
    try {
      const machines = await listMachines(client, options.instances, signal);
      const script = surveyScript(place, commands.current);
      const purpose = `backout: what is live on ${name}`;
      const answers = await onAll(machines, { ...asking, script, purpose, signal });
      return fleetRelease(machines.map((one) => readState(one, answers.get(one.id))));
    } catch (error) {
      return { known: false, problem: `the machines cannot be asked: ${saidBy(error)}` };
    }
  }

  async function preflight(release: ReleaseRef): Promise<void> {
    requireReleaseFormat(release);
    requireArtefact(name, [...(commands.preflight ?? []), ...commands.deploy], release);
    const signal = AbortSignal.timeout(options.readTimeoutMs);
    try {
      const machines = await listMachines(client, options.instances, signal);
      const silent = machines.filter(({ status }) => status !== 'Online');
      if (machines.length === silent.length) throw nobodyThere(options, silent.length);
      if (silent.length > 0) {
        onOutput(`Note: no command reaches ${silent.map(({ id }) => id).join(', ')}.`);
      }
      if (commands.preflight === undefined) return;
      const script = preflightScript(release, fill(commands.preflight, release));
      const purpose = `backout: can ${release.tag} be deployed`;
      const answers = await onAll(machines, {
        ...asking,
        script,
        purpose,
        signal,
        onLook: asked(),
      });
      requireYes(name, release, answers);
      onOutput(`${release.tag} can be deployed to ${answers.size} machines.`);
    } catch (error) {
      if (error instanceof BackoutError) throw error;
      throw preflightFailure({ target: name, tag: release.tag, error, signal });
    }
  }

  async function apply(release: ReleaseRef, guard: DeployGuard): Promise<void> {
    requireReleaseFormat(release);
    requireArtefact(name, [...(commands.preflight ?? []), ...commands.deploy], release);
    const { fence, incident, signal } = guard;
    const turn: Turn = { place, release, fence, incident };
    const attempt = { target: name, tag: release.tag, signal };
    let machines: Machine[];
    let states: MachineState[];
    let reached: Set<string>;
    try {
      machines = await listMachines(client, options.instances, signal);
      if (machines.every(({ status }) => status !== 'Online')) {
        throw nobodyThere(options, machines.length);
      }
      const script = markScript(turn, commands.current);
      const purpose = `backout: ${incident} looks at ${name}`;
      const answers = await onAll(machines, {
        ...asking,
        script,
        purpose,
        signal,
        onLook: asked(),
      });
      requireNotOvertaken(name, fence, answers.values());
      states = machines.map((one) => readState(one, answers.get(one.id)));
      // An exit code is the proof that a script gets there; "Online" is minutes old.
      reached = new Set([...answers.values()].flatMap(({ id, code }) => (isCode(code) ? id : [])));
    } catch (error) {
      if (error instanceof BackoutError) throw error;
      const what = `Asking the machines of ${name}`;
      throw deployFailure({ ...attempt, what, error, changing: false });
    }
    const open = states.filter((one) => reached.has(one.id) && !hasRelease(one, release));
    const unreached = states.filter(({ id }) => !reached.has(id)).map(({ id }) => id);
    if (open.length < states.length) onOutput(`${release.tag}: ${describeFleet(states)}.`);
    try {
      await deployTo(open, machines.length, turn, signal, unreached);
    } catch (error) {
      if (error instanceof BackoutError) throw error;
      const what = `Deploying ${release.tag} to the machines of ${name}`;
      throw deployFailure({ ...attempt, what, error, changing: true });
    }
  }

  /** Batch by batch. Healthy machines outside the batch serve on. */
  async function deployTo(
    open: readonly MachineState[],
    fleet: number,
    turn: Turn,
    signal: AbortSignal,
    unreached: readonly string[],
  ): Promise<void> {
    const { release, incident } = turn;
    const script = deployScript(
      turn,
      { ...commands, deploy: fill(commands.deploy, release) },
      options.units,
    );
    const size = batchSize(options.batch, fleet);
    const failed = new Map<string, string>();
    let done = 0;
    let at = 0;
    for (; at < open.length && failed.size <= options.maxFailures; at += size) {
      const machines = open.slice(at, at + size).map(({ id }) => id);
      const purpose = `backout: ${incident} ${release.tag} to ${name}`;
      const say = stillWaiting(options.clock, onOutput);
      const onLook = (over: number): void =>
        say(`${release.tag}: ${over} of the ${machines.length} machines in turn have ended.`);
      const request = { machines, script, limitMs: options.timeoutMs, purpose, signal, onLook };
      const answers = await runOnMachines(options, request);
      requireNotOvertaken(name, turn.fence, answers.values());
      for (const id of machines) {
        const answer = answers.get(id);
        if (answer?.status === 'Success') done += 1;
        else failed.set(id, whyNot(answer));
      }
      onOutput(`${release.tag}: ${done} of ${open.length} machines done, ${failed.size} failed.`);
    }
    const untried = open.slice(at).map(({ id }) => id);
    if (failed.size + untried.length + unreached.length === 0) return;
    throw mixedError(name, release, {
      done: fleet - failed.size - untried.length - unreached.length,
      fleet,
      failed,
      untried,
      unreached,
    });
  }

  return { name, kind: 'ssm-command', readMs: options.readTimeoutMs, preflight, apply, current };
}

function fill(argv: readonly string[], release: ReleaseRef): string[] {
  return argv.map((word) => fillPlaces(word, { ...release }));
}

/** At least one, and no more than one command takes. */
function batchSize(batch: SsmCommandOptions['batch'], fleet: number): number {
  const wanted = 'machines' in batch ? batch.machines : Math.floor(batch.share * fleet);
  return Math.min(PAGE, Math.max(1, wanted));
}
