/**
 * What an application imports to follow Backout: flags, circuit breakers, and the proof of which
 * state it uses. Needs nothing but Node and ioredis; with the parameter store also the AWS SDK.
 *
 *     const backout = await connectBackout({ service: 'shop', environment: 'production', … });
 *     // once per request:
 *     const snapshot = backout.snapshot();
 *     if (snapshot.flag('personalization_enabled', false) && snapshot.allows('stripe')) …
 */

import { requireName, requireRedisName } from '../src/model/names.ts';
import { type BackoutError, describeCause } from '../src/model/error.ts';
import { openFileSource } from './file-source.ts';
import { openParameterSource, type ParameterSource } from './parameter-source.ts';
import type { ParameterStoreOptions } from './ssm-source.ts';
import { type Knowledge, learn, NOTHING, type Reading } from './knowledge.ts';
import { createReporter } from './problems.ts';
import { openRedisLink, type RedisLink } from './redis-link.ts';
import { type ClientSnapshot, takeSnapshot } from './snapshot.ts';

export type { ClientSnapshot } from './snapshot.ts';
export type { ParameterStoreOptions } from './ssm-source.ts';

export type ConnectOptions = CommonOptions & (FileOptions | ParameterOptions);

/** Flags in files. */
export interface FileOptions {
  /** The folder that the file flags are in; see docs/contract.md for what is below it. */
  flagsDirectory: string;
  parameterStore?: undefined;
}

/** Flags in AWS Systems Manager Parameter Store. */
export interface ParameterOptions {
  parameterStore: ParameterStoreOptions;
  flagsDirectory?: undefined;
}

export interface CommonOptions {
  service: string;
  environment: string;
  /**
   * `redis://` or `rediss://`. Without it, or with one that cannot be understood, flags come from the
   * files and all breakers are closed.
   */
  redisUrl?: string;
  /** Names this process in proofs, such as `api-7f9c`. Unique among those that run. */
  instance: string;
  /** The release tag that this process runs; shown in proofs. */
  release?: string;
  /** Longest time between two looks at the truth. Default 2,000; 50 to 60,000. */
  pollMs?: number;
  /** Time between two heartbeats. Default 2,000; 50 to 60,000. */
  heartbeatMs?: number;
  /** Hears what is wrong, each thing at most once a minute. May throw. */
  onProblem?: (problem: BackoutError) => void;
}

export interface BackoutClient extends AsyncDisposable {
  /** What to decide by. Take it once per request. Never waits, never throws. */
  snapshot(): ClientSnapshot;
  /** Stops following; the last snapshot stays usable. At most 1 s. */
  close(): Promise<void>;
}

/** An application must start although everything we read from is gone. */
const START_CAP_MS = 1_500;

/**
 * Resolves when the first state is known, after at most 1.5 s in any case. Whatever is down then
 * or later goes to `onProblem` only.
 * @throws BackoutError E_NAME (usage) when a name cannot be one: a mistake in the program
 */
export async function connectBackout(options: ConnectOptions): Promise<BackoutClient> {
  const { service, environment, instance, release } = options;
  requireName('a service', service);
  requireName('an environment', environment);
  requireRedisName('an instance', instance);
  const scope = { service, environment };
  const pollMs = between(50, options.pollMs ?? 2_000, 60_000);
  const heartbeatMs = between(50, options.heartbeatMs ?? 2_000, 60_000);
  const report = createReporter(options.onProblem);
  const source = openSource();

  let knowledge: Knowledge = NOTHING;
  let snapshot = takeSnapshot(knowledge, report);
  let acknowledged: string | undefined;
  let refreshing: Promise<void> | undefined;
  let again = false;
  let closed = false;

  const link = options.redisUrl === undefined ? undefined : openLink(options.redisUrl);

  /** A URL that is none is a mistake of whoever deployed: it is told, and the service starts. */
  function openLink(url: string): RedisLink | undefined {
    try {
      return openRedisLink({
        url,
        scope,
        instance,
        onChange: () => void refresh(),
        onError: reportRedis,
      });
    } catch (error) {
      reportRedis(error);
      return undefined;
    }
  }

  function openSource(): ParameterSource {
    if (options.parameterStore === undefined) {
      return { read: openFileSource(options.flagsDirectory, scope), close: async () => {} };
    }
    return openParameterSource({
      ...options.parameterStore,
      scope,
      pollMs,
      onChange: () => void refresh(),
      onError: reportFlags,
    });
  }

  function reportFlags(error: unknown): void {
    const where = options.parameterStore === undefined ? 'flag files' : 'flag parameters';
    if (!closed) report(`The ${where} cannot be read: ${describeCause(error)}`, error);
  }

  function reportRedis(error: unknown): void {
    if (!closed) report(`Redis: ${describeCause(error)}`, error);
  }

  async function look(): Promise<Reading> {
    const reading: Reading = {};
    // Redis first: then the files are at least as new as the epoch that we acknowledge.
    try {
      if (link !== undefined) reading.fastPath = await link.read();
    } catch (error) {
      reportRedis(error);
    }
    try {
      reading.files = await source.read();
    } catch (error) {
      reportFlags(error);
    }
    return reading;
  }

  async function beat(): Promise<void> {
    const proof = proofOf(snapshot);
    const at = new Date().toISOString();
    try {
      const heartbeat = { ...proof, at, ...(release === undefined ? {} : { release }) };
      if (await link?.beat(heartbeat)) acknowledged = JSON.stringify(proof);
    } catch (error) {
      reportRedis(error);
    }
  }

  async function refreshUntilQuiet(): Promise<void> {
    do {
      again = false;
      knowledge = learn(knowledge, await look());
      for (const problem of knowledge.problems) report(problem);
      snapshot = takeSnapshot(knowledge, report);
      // Only now: the proof is about what requests use, not about what we have heard of.
      if (closed) return;
      if (JSON.stringify(proofOf(snapshot)) !== acknowledged) await beat();
    } while (again);
  }

  /** One at a time; a call while one runs makes it run once more. Never rejects. */
  function refresh(): Promise<void> {
    if (closed) return Promise.resolve();
    again = true;
    refreshing ??= refreshUntilQuiet()
      .catch((error: unknown) => report(`Refreshing failed: ${describeCause(error)}`, error))
      .finally(() => {
        refreshing = undefined;
      });
    return refreshing;
  }

  let pollTimer: NodeJS.Timeout | undefined;
  function schedulePoll(): void {
    // Shorter by up to a fifth, at random: instances that started together must not ask together.
    pollTimer = setTimeout(
      () => void refresh().then(schedulePoll),
      pollMs * (1 - Math.random() / 5),
    );
    pollTimer.unref();
    if (closed) clearTimeout(pollTimer);
  }
  const heartbeatTimer = setInterval(() => void beat(), heartbeatMs);
  heartbeatTimer.unref();

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    clearTimeout(pollTimer);
    clearInterval(heartbeatTimer);
    await link?.leave().catch(() => {});
    link?.close();
    await source.close().catch(() => {});
  }

  await endsWithin(START_CAP_MS, refresh());
  schedulePoll();
  return { snapshot: () => snapshot, close, [Symbol.asyncDispose]: close };
}

/** What a heartbeat says of the values that requests use. */
function proofOf(snapshot: ClientSnapshot): { epoch: string; flags: Record<string, string> } {
  return { epoch: snapshot.describe(), flags: { ...snapshot.digests } };
}

function between(least: number, wanted: number, most: number): number {
  return Math.min(Math.max(Number.isNaN(wanted) ? most : wanted, least), most);
}

async function endsWithin(ms: number, work: Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, late]);
  clearTimeout(timer);
}
