/** The client's two connections to Redis: one to ask and answer, one to be told. */

import { type Heartbeat, parseInstance } from '../src/model/breaker-documents.ts';
import { callRedis, connectRedis } from '../src/adapters/redis/connection.ts';
import { redisKeys } from '../src/adapters/redis/keys.ts';
import type { Scope } from '../src/model/scope.ts';
import type { FastPath } from './knowledge.ts';

export interface RedisLink {
  /** Everything of one moment. Fails within 1 s, and at once while there is no connection. */
  read(): Promise<FastPath>;
  /** False when there is no connection; a later one will do. */
  beat(heartbeat: Heartbeat): Promise<boolean>;
  /** Takes this instance out of the list, so that nobody waits for it. */
  leave(): Promise<void>;
  close(): void;
}

export interface RedisLinkOptions {
  url: string;
  scope: Scope;
  instance: string;
  /** Something may have changed: a message came, or one may have been missed. */
  onChange: () => void;
  onError: (error: unknown) => void;
}

/** As everywhere on the fast path (docs/contract.md). */
const CAP_MS = 1_000;

/** An instance that was killed cannot take itself out; after a day nobody asks for it any more. */
const FORGET_AFTER_MS = 24 * 60 * 60 * 1_000;

export function openRedisLink(options: RedisLinkOptions): RedisLink {
  const { url, scope, instance, onChange, onError } = options;
  const keys = redisKeys(scope);
  const questions = connectRedis(url, { onError });
  const news = connectRedis(url, { onError });
  let first = true;

  news.client.on('message', onChange);
  news.client.on('ready', () => {
    news.client.subscribe(keys.changes).then(onChange, onError);
  });
  questions.client.on('ready', onChange);

  async function forgetTheDead(): Promise<void> {
    const found = await callRedis(questions, CAP_MS, (client) => client.hgetall(keys.instances));
    const dead = Object.entries(found)
      .map(([id, text]) => parseInstance(id, text))
      .filter(({ heartbeat }) => Date.now() - Date.parse(heartbeat) > FORGET_AFTER_MS);
    if (dead.length === 0) return;
    const ids = dead.map(({ id }) => id);
    await callRedis(questions, CAP_MS, (client) => client.hdel(keys.instances, ...ids));
  }

  return {
    async read() {
      // Waiting for a connection is worth it once, at the start. Later `ready` says when.
      if (!first && questions.client.status !== 'ready') throw new Error('Redis is not connected.');
      const wasFirst = first;
      first = false;
      const answers = await callRedis(questions, CAP_MS, (client) =>
        client.multi().get(keys.epoch).hgetall(keys.breakers).hgetall(keys.overrides).exec(),
      );
      const [epoch, breakers, overrides] = (answers ?? []).map(([error, value]) => {
        if (error !== null) throw error;
        return value;
      });
      if (wasFirst) forgetTheDead().catch(onError);
      // A connection that is only listened on would not notice that the other side is gone.
      if (news.client.status === 'ready') news.client.ping().catch(onError);
      return {
        epoch: typeof epoch === 'string' ? epoch : null,
        breakers: textsOf(breakers),
        overrides: textsOf(overrides),
      };
    },
    async beat(heartbeat) {
      if (questions.client.status !== 'ready') return false;
      const text = JSON.stringify(heartbeat);
      await callRedis(questions, CAP_MS, (client) => client.hset(keys.instances, instance, text));
      return true;
    },
    async leave() {
      if (questions.client.status !== 'ready') return;
      await callRedis(questions, CAP_MS, (client) => client.hdel(keys.instances, instance));
    },
    close() {
      questions.close();
      news.close();
    },
  };
}

function textsOf(hash: unknown): Record<string, string> {
  if (typeof hash !== 'object' || hash === null) throw new Error('Redis did not answer a hash.');
  return Object.fromEntries(Object.entries(hash).map(([field, text]) => [field, String(text)]));
}
