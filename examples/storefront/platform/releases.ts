import { join } from 'node:path';
import { type Artifact, artifactDirectory, verifyArtifact } from './artifact.ts';
import { DeployError } from './deploy-error.ts';
import { appendLine } from './durable-file.ts';
import { type Memory, readMemory, writeMemory } from './memory.ts';
import { type ServiceProcess, startService } from './service-process.ts';

export interface ReleaseRequest {
  tag: string;
  commit: string;
  /** Number of the caller's lease: the higher one is the newer holder. */
  fence: number;
  incident: string;
}

export interface Releases {
  /** The process that gets new requests. */
  live: () => ServiceProcess | undefined;
  /** Starts again what was live before a restart. */
  resume(): Promise<void>;
  /**
   * Brings a release live. Calls are served one after another. Until the switch-over, aborting
   * means that nothing has changed.
   * @throws {DeployError}
   */
  release(request: ReleaseRequest, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface ReleasesOptions {
  stateDirectory: string;
  artifacts: string;
  env: Record<string, string>;
  log: number;
}

/**
 *   old   ─ serving ───────────────┬─ finishing its requests ─ stopped
 *   new        started ─ healthy ──┴─ serving ───────────────────────▶
 *                                switch-over: log, memory, then new requests
 */
export function createReleases(options: ReleasesOptions): Releases {
  const { stateDirectory, artifacts, env, log } = options;
  let memory = readMemory(stateDirectory);
  const stopping = new AbortController();
  let live: ServiceProcess | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  function refuseOlderThanHighest(fence: number): void {
    if (fence >= memory.highestFence) return;
    throw new DeployError(
      'fenced',
      `fence ${fence} is refused: ${memory.highestFence} was already here. ` +
        'Somebody else took over this deployment; nothing was changed',
    );
  }

  function remember(change: Partial<Memory>): void {
    const changed = { ...memory, ...change };
    writeMemory(stateDirectory, changed);
    memory = changed;
  }

  function witness(request: ReleaseRequest, pid: number, noop: boolean): void {
    const { tag, fence, incident } = request;
    const line = { at: new Date().toISOString(), tag, fence, incident, pid };
    appendLine(
      join(stateDirectory, 'deploys.log'),
      JSON.stringify(noop ? { ...line, noop } : line),
    );
  }

  function start(artifact: Artifact, signal: AbortSignal): Promise<ServiceProcess> {
    const directory = artifactDirectory(artifacts, artifact.tag);
    const either = AbortSignal.any([signal, stopping.signal]);
    return startService({ directory, artifact, env, log, signal: either });
  }

  async function bringLive(request: ReleaseRequest, signal: AbortSignal): Promise<void> {
    refuseOlderThanHighest(request.fence);
    refuseWhenGivenUp(signal);
    if (live?.isAlive() && live.tag === request.tag && live.commit === request.commit) {
      witness(request, live.pid, true);
      return;
    }
    const artifact = findArtifact(artifacts, request);
    const next = await start(artifact, signal);
    try {
      // A newer holder may have called while the process was starting.
      refuseOlderThanHighest(request.fence);
      refuseWhenGivenUp(signal);
      remember({ live: { tag: next.tag, commit: next.commit } });
      witness(request, next.pid, false);
    } catch (error) {
      await next.drainAndStop();
      throw error;
    }
    const previous = live;
    live = next;
    await previous?.drainAndStop();
  }

  return {
    live: () => (live?.isAlive() ? live : undefined),
    async resume() {
      if (memory.live === undefined) return;
      const { tag, commit } = memory.live;
      live = await start(verifyArtifact(artifacts, tag, commit), stopping.signal);
    },
    async release(request, signal) {
      refuseOlderThanHighest(request.fence);
      // Remembered on arrival, not when its turn comes: an older call that is at work must see it.
      if (request.fence > memory.highestFence) remember({ highestFence: request.fence });
      const turn = queue.then(() => bringLive(request, signal));
      queue = turn.catch(() => undefined);
      await turn;
    },
    async stop() {
      stopping.abort();
      await queue;
      await live?.drainAndStop();
    },
  };
}

function findArtifact(artifacts: string, { tag, commit }: ReleaseRequest): Artifact {
  try {
    return verifyArtifact(artifacts, tag, commit);
  } catch (error) {
    throw new DeployError('failed', error instanceof Error ? error.message : String(error));
  }
}

function refuseWhenGivenUp(signal: AbortSignal): void {
  if (signal.aborted) throw new DeployError('temporary', 'the call was given up');
}
