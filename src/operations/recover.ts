import type { BreakerState, Epoch } from '../model/breaker.ts';
import { BackoutError, describeCause } from '../model/error.ts';
import { timestamp, within } from '../ports/clock.ts';
import { announcer } from './announce.ts';
import { askCommander, followCommander } from './lead.ts';
import { type Entry, record, recordFirst } from './journal-writer.ts';
import type { OperationPorts } from './operation-ports.ts';
import { readStillOff } from './still-off.ts';
import { listOff } from '../model/still-off.ts';
import { runStage } from './validate.ts';
import { CHECKS_CAP_MS } from './watch-bake.ts';

/** Between two looks while a breaker is half open; at least four looks in a short watch. */
const LOOK_EVERY_MS = 5_000;
/** Longest wait for the record of opening again: the spool's 1.5 s, and its disk. */
const RECORD_CAP_MS = 2_000;
const REOPEN_TRIES = 5;

export interface ProviderRecovery {
  provider: string;
  /** Share of calls let through while half open, 0 to 1. */
  sample: number;
  /** How long it is watched half open before it closes, in milliseconds. */
  watchMs: number;
}

export interface RecoveryRequest {
  incident: string;
  actor: string;
  /** True when a person named the providers: only that ends what a person holds open. */
  releaseIsolated: boolean;
  /** In the order of recovery. */
  providers: ProviderRecovery[];
}

export interface RecoveryResult {
  /** `stopped`: a provider was opened again, or something newer came; the rest stays as it was. */
  outcome: 'done' | 'stopped';
  closed: string[];
  /** Left alone, with the reason. */
  left: { provider: string; why: string }[];
  problems: string[];
}

/**
 * Closes the breakers one after the other: half open with a sample of calls, watched, closed. A
 * check that fails, or that cannot tell, opens it again and ends the recovery. Anything newer that
 * touches breakers or overrides meanwhile wins.
 * @throws BackoutError E_JOURNAL_NEEDED, E_BREAKERS_UNREACHABLE
 */
export async function recoverBreakers(
  ports: OperationPorts,
  request: RecoveryRequest,
): Promise<RecoveryResult> {
  const result: RecoveryResult = { outcome: 'done', closed: [], left: [], problems: [] };
  const run = ports.ids.next();
  const commander = await askCommander(ports, request.incident);
  const lead = followCommander(ports, request.incident, commander);
  const news = announcer(ports, request.incident, new Set(), lead);
  // Read once: every change builds on the one before it. Whatever anybody else changes from here on,
  // an alarm above all, is newer, and ends the recovery.
  const { states, epoch: start } = await ports.breakers.read();
  let epoch = start;
  for (const [index, plan] of request.providers.entries()) {
    const before = states[plan.provider];
    if (before === undefined || before.state === 'closed') continue;
    if (before.state === 'isolated' && !request.releaseIsolated) {
      result.left.push({
        provider: plan.provider,
        why: `held open by ${before.by}: ${before.reason}`,
      });
      continue;
    }
    news.say('recovery-step', `${run}/${plan.provider}`, {
      reason: `Letting calls to ${plan.provider} through again`,
      by: request.actor,
      step: {
        number: index + 1,
        of: request.providers.length,
        now: `trying ${plan.provider}, ${Math.round(plan.watchMs / 1000)} s`,
      },
      off: listOff(await readStillOff(ports)),
    });
    const recovered = await recoverOne(ports, request, run, plan, epoch);
    if (recovered.closed) {
      result.closed.push(plan.provider);
      epoch = recovered.epoch;
    } else {
      result.outcome = 'stopped';
      result.problems.push(recovered.problem);
      break;
    }
  }
  result.problems.push(...(await news.settle()));
  return result;
}

type Recovered = { closed: true; epoch: Epoch } | { closed: false; problem: string };

/** Half open, watched, closed; or open again. `start` is the state that this builds on. */
async function recoverOne(
  ports: OperationPorts,
  request: RecoveryRequest,
  run: string,
  { provider, sample, watchMs }: ProviderRecovery,
  start: Epoch,
): Promise<Recovered> {
  const { clock } = ports;
  const { incident, actor: by } = request;
  const entryOf = (state: BreakerState['state'], why: string): Entry => {
    const text = `Breaker ${provider}: ${state}. ${why}`;
    ports.observe({ type: 'note', text });
    const key = `recovery/${run}/${provider}/${state}`;
    return { incident, key, kind: 'recovery', actor: by, text, data: { provider, state } };
  };
  const change = async (state: BreakerState, expected: Epoch, why: string): Promise<Epoch> => {
    await recordFirst(ports, entryOf(state.state, why));
    return await ports.breakers.set(provider, state, expected);
  };
  /** Towards safe: waits for no journal, and is done whatever the journal says. */
  const openAgain = async (problem: string, expected: Epoch): Promise<Recovered> => {
    const entry = entryOf('open', `Opened again: ${problem}`);
    const recorded = await within(clock, RECORD_CAP_MS, () => record(ports, entry)).then(
      () => '',
      (error: unknown) => ` Not recorded: ${describeCause(error)}`,
    );
    const reason = `recovery stopped: ${problem}`;
    const since = timestamp(clock);
    await ports.breakers.set(provider, { state: 'open', since, by, reason, incident }, expected);
    return { closed: false, problem: `${provider} was opened again: ${problem}${recorded}` };
  };
  const since = timestamp(clock);
  const halfOpen: BreakerState = { state: 'half-open', since, by, sample, incident };
  try {
    const share = `${Math.round(sample * 100)} % of calls`;
    const epoch = await change(halfOpen, start, `Trying with ${share}.`);
    try {
      const problem = await watch(ports, watchMs, epoch);
      if (problem !== undefined) return await openAgain(problem, epoch);
      const closed: BreakerState = { state: 'closed', since: timestamp(clock), by };
      return { closed: true, epoch: await change(closed, epoch, 'Watched, good.') };
    } catch (error) {
      if (isNewer(error)) throw error;
      // It cannot be watched to the end, or its end cannot be recorded: it must not stay half open.
      return await openAgain(describeCause(error), epoch);
    }
  } catch (error) {
    // Somebody changed something since we looked: theirs is newer, so ours ends here.
    if (!isNewer(error)) throw error;
    const left = await reopenIfOurs(ports, provider, halfOpen);
    return { closed: false, problem: `${error.message}${left}` };
  }
}

/**
 * What was newer may have been about other providers: ours must not stay half open with nobody
 * watching it. Tried a few times, because the newer change may still be going on.
 */
async function reopenIfOurs(
  ports: OperationPorts,
  provider: string,
  halfOpen: Extract<BreakerState, { state: 'half-open' }>,
): Promise<string> {
  for (let tries = 1; tries <= REOPEN_TRIES; tries += 1) {
    const { states, epoch } = await ports.breakers.read();
    const now = states[provider];
    const isOurs = now?.state === 'half-open' && now.since === halfOpen.since;
    if (!isOurs) return '';
    const { by, incident } = halfOpen;
    const reason = 'recovery stopped: something newer came';
    const since = timestamp(ports.clock);
    const open: BreakerState = {
      state: 'open',
      since,
      by,
      reason,
      ...(incident === undefined ? {} : { incident }),
    };
    try {
      await ports.breakers.set(provider, open, epoch);
      return ` ${provider} was opened again.`;
    } catch (error) {
      if (!isNewer(error)) throw error;
    }
  }
  return ` ${provider} is still half open: open it with \`backout breakers trip ${provider}\`.`;
}

function isNewer(error: unknown): error is BackoutError {
  return error instanceof BackoutError && error.code === 'E_BREAKER_CHANGED';
}

/** @returns what went wrong while watching, or undefined when all was well until the end */
async function watch(
  ports: OperationPorts,
  watchMs: number,
  epoch: Epoch,
): Promise<string | undefined> {
  const { clock, breakers, checks, facts } = ports;
  // A metric that is asked several times needs what a plan gives it: a round that is cut says nothing.
  const capMs = Math.max(CHECKS_CAP_MS, facts.checksMs ?? 0);
  const end = clock.now() + watchMs;
  const pause = Math.min(LOOK_EVERY_MS, watchMs / 4);
  while (clock.now() < end) {
    await clock.sleep(Math.min(pause, Math.max(1, end - clock.now())), ports.interrupted);
    const { epoch: now } = await breakers.read();
    if (now.generation !== epoch.generation || now.counter !== epoch.counter) {
      throw new BackoutError({
        code: 'E_BREAKER_CHANGED',
        kind: 'refused',
        message: 'Something newer changed the breakers or the safe state; recovery stops here.',
        state: 'What is off stays off; the newer change stands.',
        remedy: 'See `backout breakers status`; start again when it is calm.',
      });
    }
    const stage = await within(clock, capMs, (signal) =>
      runStage(checks, 'now', { safeState: true, recovering: true, signal }),
    );
    if (stage.verdict === 'passed') continue;
    const bad = stage.measurements.filter(({ verdict }) => verdict !== 'passed');
    return (
      bad.map(({ check, reason }) => `${check}: ${reason}`).join('; ') || 'nothing was measured'
    );
  }
  return undefined;
}
