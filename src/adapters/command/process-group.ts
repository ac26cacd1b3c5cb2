/** A program and everything it started, as one thing that can be ended and seen to be gone. */

import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Time a program has to end by itself after the first signal. */
const POLITE_MS = 2_000;
/** Time the kernel has to remove it after the last one; only stuck disk access takes longer. */
const FORCED_MS = 700;
const POLL_MS = 20;

/**
 * Ends a process group: SIGTERM, 2 s later SIGKILL.
 * @returns whether nothing of it is left. False means that it could still have an effect.
 */
export async function endGroup(leader: number): Promise<boolean> {
  signalGroup(leader, 'SIGTERM');
  if (await isGone(leader, POLITE_MS)) return true;
  signalGroup(leader, 'SIGKILL');
  return isGone(leader, FORCED_MS);
}

async function isGone(leader: number, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (await isRunning(leader)) {
    if (performance.now() >= end) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** @returns false when there was nobody to signal */
function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-leader, signal);
  } catch (error) {
    // EPERM: there is somebody, of another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function isRunning(leader: number): Promise<boolean> {
  if (!signalGroup(leader, 0)) return false;
  // A process that ended but was never waited for still takes signals. In containers whose first
  // process waits for nobody that lasts for ever, so on Linux we look closer.
  const states = await statesOnLinux(leader);
  return states === undefined || states.some((state) => state !== 'Z' && state !== 'X');
}

/** States of the members of a group; undefined where there is no /proc to tell. */
async function statesOnLinux(leader: number): Promise<string[] | undefined> {
  if (process.platform !== 'linux') return undefined;
  const entries = await readdir('/proc').catch(() => []);
  const pids = entries.filter((name) => /^\d+$/.test(name));
  if (pids.length === 0) return undefined;
  const stats = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')),
  );
  return stats.flatMap((stat) => {
    // `pid (name) state parent group …`: a name may contain spaces and brackets.
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(group) === leader && state !== undefined ? [state] : [];
  });
}
