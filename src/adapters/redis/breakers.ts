/** Breakers and the fast path in Redis. Keys, values and scripts: docs/contract.md. */

import { type BreakerState, type Epoch, formatEpoch, parseEpoch } from '../../model/breaker.ts';
import { formatBreaker, parseBreaker, parseInstance } from '../../model/breaker-documents.ts';
import { changedError, requireMirrored, requireReadable } from '../../model/breaker-rules.ts';
import { BackoutError } from '../../model/error.ts';
import { canonicalJson } from '../../model/json.ts';
import { requireRedisName } from '../../model/names.ts';
import type { Scope } from '../../model/scope.ts';
import type { Breakers } from '../../ports/breakers.ts';
import type { Ids } from '../../ports/ids.ts';
import { formatOverride, parseOverride } from '../../model/flag-documents.ts';
import { callRedis, type RedisConnection, RedisCallError } from './connection.ts';
import { redisKeys } from './keys.ts';
import { ANNOUNCE_SCRIPT, READ_SCRIPT, SET_SCRIPT, TRIP_SCRIPT } from './scripts.ts';

export interface RedisBreakerOptions {
  redis: RedisConnection;
  scope: Scope;
  /** Names the generation when Redis is found empty. */
  ids: Ids;
  /** Cap of every call with its repeats. Default 1 s: an emergency waits for nothing longer. */
  capMs?: number;
}

/** @throws BackoutError E_NAME (usage) */
export function redisBreakers(options: RedisBreakerOptions): Breakers {
  const { redis, ids, capMs = 1_000 } = options;
  const keys = redisKeys(options.scope);

  /** @param changes what a failure leaves in the dark; undefined for readings */
  async function run(
    script: string,
    changes: string | undefined,
    ...args: string[]
  ): Promise<unknown> {
    const names = [keys.breakers, keys.epoch, keys.overrides, keys.changes, ids.next()];
    return reach(changes, () =>
      callRedis(redis, capMs, (client) => client.eval(script, 3, ...names, ...args)),
    );
  }

  return {
    async read() {
      const [epoch, states, overrides] = listOf(await run(READ_SCRIPT, undefined));
      return {
        epoch: epochOf(epoch),
        states: Object.fromEntries(
          fieldsOf(states).map(([provider, text]) => [provider, parseBreaker(text)]),
        ),
        overrides: fieldsOf(overrides).map(([incident, text]) => parseOverride(incident, text)),
      };
    },
    async trip(request) {
      const { providers, by, reason, incident, at, override } = request;
      for (const provider of providers) requireRedisName('a provider', provider);
      if (override !== undefined) requireMirrored(override, incident);
      const open: BreakerState = { state: 'open', since: at, by, reason, incident };
      const document = override === undefined ? '' : formatOverride(override);
      return epochOf(
        await run(
          TRIP_SCRIPT,
          'The breakers may have been opened or not; the flags do not depend on it.',
          canonicalJson(open),
          incident,
          document,
          ...providers,
        ),
      );
    },
    async set(provider, state, expected) {
      requireRedisName('a provider', provider);
      const document = formatBreaker(provider, state);
      const answer = await run(
        SET_SCRIPT,
        `The breaker of ${provider} may have been changed or not.`,
        formatEpoch(expected),
        provider,
        document,
      );
      const [done, epoch] = listOf(answer);
      if (done === 1) return epochOf(epoch);
      throw changedError(provider, expected, epochOf(epoch));
    },
    async announce(override) {
      const document = formatOverride(requireReadable(override));
      const incident = override.incident;
      return epochOf(
        await run(
          ANNOUNCE_SCRIPT,
          'The instances may have been told or not; they find out from the flags themselves.',
          incident,
          document,
        ),
      );
    },
    async instances() {
      const found = await reach(undefined, () =>
        callRedis(redis, capMs, (client) => client.hgetall(keys.instances)),
      );
      return Object.entries(found).map(([id, text]) => parseInstance(id, text));
    },
  };
}

async function reach<T>(changes: string | undefined, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof RedisCallError)) throw error;
    const uncertain = changes !== undefined && error.sent;
    throw new BackoutError({
      code: 'E_BREAKERS_UNREACHABLE',
      kind: uncertain ? 'uncertain' : 'failed',
      message: 'Redis, which has the circuit breakers, did not do what was asked of it.',
      ...(uncertain ? { state: changes } : {}),
      remedy:
        'Nothing is wrong with repeating it. Check that Redis runs and can be reached from here; the flags work without it.',
      retryable: true,
      cause: error.cause,
    });
  }
}

function epochOf(answer: unknown): Epoch {
  const epoch = typeof answer === 'string' ? parseEpoch(answer) : undefined;
  if (epoch === undefined) throw strange(answer);
  return epoch;
}

function listOf(answer: unknown): unknown[] {
  if (!Array.isArray(answer)) throw strange(answer);
  return answer;
}

/** A hash, as Redis answers from scripts: field, value, field, value. */
function fieldsOf(answer: unknown): [string, string][] {
  const flat = listOf(answer).map(String);
  return flat.flatMap((field, index): [string, string][] =>
    index % 2 === 0 ? [[field, flat[index + 1] ?? '']] : [],
  );
}

function strange(answer: unknown): BackoutError {
  return new BackoutError({
    code: 'E_BREAKERS_ANSWER',
    kind: 'uncertain',
    message: `Redis answered something that is no answer to our question: ${JSON.stringify(answer)}.`,
    state: 'What was asked for may have been done or not.',
    remedy: 'Check that the address leads to a Redis server and that its scripts are not disabled.',
  });
}
