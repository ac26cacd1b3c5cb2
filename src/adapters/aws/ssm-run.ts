import type { SSMClient } from '@aws-sdk/client-ssm';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import { classify } from './call-error.ts';
import {
  cancelCommand,
  findCommand,
  type Invocation,
  listInvocations,
  sendCommand,
} from './ssm-calls.ts';

/** After this many refusals for coming too fast it is somebody else's turn to say so. */
const SEND_TRIES = 4;
/** Asking the machines to stop, when we have no time left ourselves. In milliseconds. */
const CANCEL_MS = 2_000;
const OVER = ['Success', 'Cancelled', 'Failed', 'TimedOut', 'Undeliverable', 'Terminated'];

export interface SsmRunner {
  client: SSMClient;
  /** The same, but trying once: sending a command again would be a second command. */
  sender: SSMClient;
  clock: Clock;
  ids: Ids;
  /** Between two looks at a running command, in milliseconds. */
  pollMs: number;
}

export interface RunRequest {
  machines: string[];
  script: string;
  /** Longest the script may run on a machine, in milliseconds. */
  limitMs: number;
  /** What it is for, shown in the console of AWS. */
  purpose: string;
  signal: AbortSignal;
  /**
   * After so many milliseconds the machines that have answered are enough, and the others are asked
   * to end it. SSM shows a dead machine as reachable for minutes. Left out: all have to be over.
   */
  enoughAfterMs?: number;
  /** Called at every look with how many machines are over. */
  onLook?: (over: number) => void;
}

/**
 * Runs a script on machines, at most 50, and gives what it came to on each of them. When the signal
 * aborts, the machines are asked to end it.
 * @throws what the SDK throws when the command could not be sent, or the signal's reason
 */
export async function runOnMachines(
  runner: SsmRunner,
  request: RunRequest,
): Promise<Map<string, Invocation>> {
  const { client, clock, pollMs } = runner;
  const { machines, signal, enoughAfterMs = Infinity } = request;
  const enoughAt = clock.now() + enoughAfterMs;
  let isFirst = true;
  const commandId = await send(runner, request);
  try {
    for (;;) {
      const now = await look(client, commandId, signal);
      const over = new Map(
        (now ?? []).filter(({ status }) => OVER.includes(status)).map((one) => [one.id, one]),
      );
      if (machines.every((id) => over.has(id))) return over;
      // Most are over before the second look: there is nothing to say about them.
      if (!isFirst) request.onLook?.(over.size);
      isFirst = false;
      if (clock.now() >= enoughAt) {
        await endCommand(client, AbortSignal.timeout(CANCEL_MS), commandId);
        return over;
      }
      await clock.sleep(pollMs, signal);
    }
  } catch (error) {
    await endCommand(client, AbortSignal.timeout(CANCEL_MS), commandId);
    throw error;
  }
}

/** The best we can do: whether the machines could end it, nobody says. */
async function endCommand(
  client: SSMClient,
  signal: AbortSignal,
  commandId: string | undefined,
): Promise<void> {
  if (commandId === undefined) return;
  await cancelCommand(client, commandId, signal).catch(() => undefined);
}

/**
 * Not repeated by the SDK, because each repeat would be a further command. Being refused is waited
 * out; a lost answer is looked for among the newest commands.
 */
async function send(runner: SsmRunner, request: RunRequest): Promise<string> {
  const { client, sender, clock, ids } = runner;
  const { machines, script, limitMs, purpose, signal } = request;
  // AWS allows 100 characters.
  const comment = `${purpose.slice(0, 60)} ${ids.next()}`.slice(0, 100);
  const seconds = Math.max(1, Math.ceil(limitMs / 1000));
  for (let tries = 1; ; tries += 1) {
    try {
      return await sendCommand(sender, { ids: machines, script, seconds, comment }, signal);
    } catch (error) {
      const failure = classify(error, signal);
      if (failure === 'throttled' && tries < SEND_TRIES) {
        await clock.sleep(250 * 2 ** tries * (0.5 + ids.random()), signal);
        continue;
      }
      if (failure === 'stopped') {
        // It may have arrived all the same, and must not run on without us.
        const short = AbortSignal.timeout(CANCEL_MS);
        const arrived = await findCommand(client, comment, short).catch(() => undefined);
        await endCommand(client, short, arrived);
      }
      if (failure !== 'unanswered') throw error;
      const found = await findCommand(client, comment, signal).catch(() => undefined);
      if (found === undefined) throw error;
      return found;
    }
  }
}

/** A look that fails because AWS is busy or silent is made again; the caller's signal ends it. */
async function look(
  client: SSMClient,
  commandId: string,
  signal: AbortSignal,
): Promise<Invocation[] | undefined> {
  try {
    return await listInvocations(client, commandId, signal);
  } catch (error) {
    if (['throttled', 'unanswered'].includes(classify(error, signal))) return undefined;
    throw error;
  }
}
