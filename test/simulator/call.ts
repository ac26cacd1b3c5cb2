import { BackoutError } from '../../src/model/error.ts';
import { roll } from './dice.ts';
import { START } from './history.ts';
import type { Process } from './process.ts';
import type { CallFault, StoreName } from './scene.ts';
import type { World } from './world.ts';

export interface CallRequest<T> {
  store: StoreName;
  op: string;
  args: readonly unknown[];
  write: boolean;
  /**
   * What the store does, at the moment the request arrives there.
   * @param detached the caller has given up and nobody told the store: no signal stops it
   */
  effect: (detached: boolean) => Promise<T>;
  /** What a reading was at an earlier time, where the store has copies that lag behind. */
  earlier?: (at: number) => T | undefined;
  signal?: AbortSignal | undefined;
  /** For the time line. */
  about?: string;
}

/**
 * After so long the adapter itself gives up, as the real ones do; Infinity: the store's adapter has
 * no cap of its own, so whoever calls it has to have one.
 */
const OWN_CAP_MS: Record<StoreName, number> = {
  flags: Infinity,
  breakers: 1_000,
  journal: Infinity,
  leases: 5_000,
  releases: 5_000,
  git: Infinity,
  target: Infinity,
  metrics: 5_000,
  chat: Infinity,
  disk: 1_000,
  cache: 5_000,
  service: Infinity,
};

const STALE_MS = 3_000;

/** A process asks a store for something, and everything that can happen on the way. */
export function call<T>(world: World, process: Process, request: CallRequest<T>): Promise<T> {
  const { scheduler } = world;
  const { store, op, signal } = request;
  const count = (process.calls.get(store) ?? 0) + 1;
  process.calls.set(store, count);
  const name = `${world.scene.seed}/${process.name}/${store}/${count}`;
  const what = `${store}.${op}${request.about === undefined ? '' : ` ${request.about}`}`;
  if (process.alive) world.onBoundary(process, store, op, 'before');
  return new Promise((resolve, reject) => {
    if (!process.alive) return;
    if (signal?.aborted === true) return reject(asError(signal.reason));
    const fault = faultOf(world, process, request, name);
    const sent = Math.ceil(roll(`${name}/sent`) * (store === 'disk' ? 2 : 15));
    const back = Math.ceil(roll(`${name}/back`) * (store === 'disk' ? 1 : 15));
    const cap = OWN_CAP_MS[store];
    let settled = false;
    const settle = (ms: number, how: () => string, finish: () => void): void => {
      if (settled) return;
      settled = true;
      process.deliver(ms, () => {
        world.note(process.name, () => `   ${what}: ${how()}`);
        finish();
      });
    };
    const fail = (ms: number, error: BackoutError): void =>
      settle(
        ms,
        () => error.code,
        () => {
          if (!request.write)
            process.readings.set(keyOf(request), { at: scheduler.now(), value: undefined });
          reject(error);
        },
      );
    const detached = fault?.kind === 'apply-late';
    if (!detached) {
      signal?.addEventListener('abort', () => fail(0, asError(signal.reason)), { once: true });
    }
    if (request.write) process.writes.set(keyOf(request), scheduler.now());
    world.note(process.name, () => `${what}${fault === undefined ? '' : `  [${fault.kind}]`}`);

    const land = async (answer: boolean): Promise<void> => {
      const at = scheduler.now();
      try {
        const value = await request.effect(detached);
        if (request.write) world.landed.push({ at, process, store, op, args: request.args, value });
        if (process.alive) world.onBoundary(process, store, op, 'landed');
        if (!answer) return world.note('world', () => `${what} of ${process.name} takes effect`);
        settle(
          back,
          () => shortly(value),
          () => {
            if (!request.write)
              process.readings.set(keyOf(request), { at: scheduler.now(), value });
            resolve(value);
          },
        );
      } catch (error) {
        if (answer) fail(back, asError(error));
      }
    };
    const landIn = (ms: number, answer: boolean): void => {
      scheduler.after(ms, () => void land(answer));
    };

    const { kind, ms: delay = 0 } = fault ?? {};
    switch (kind) {
      case undefined:
        return landIn(sent, true);
      case 'slow':
        return landIn(sent + Math.min(delay, cap === Infinity ? delay : cap * 0.8), true);
      case 'refuse':
        return fail(sent + back, unreachable(store, 'failed', 'It cannot be reached.'));
      case 'throttle':
        return fail(sent + back, unreachable(store, 'failed', 'Too many calls at once.'));
      case 'hang':
        if (cap !== Infinity) fail(cap, unreachable(store, 'uncertain', 'No answer.'));
        return;
      case 'apply-then-fail':
        landIn(sent, false);
        return fail(sent + back, unreachable(store, 'uncertain', 'The connection was lost.'));
      case 'apply-late':
        landIn(delay + (cap === Infinity ? 0 : cap), false);
        if (cap !== Infinity) fail(cap, unreachable(store, 'uncertain', 'No answer.'));
        return;
      case 'duplicate':
        landIn(sent, true);
        return landIn(sent + delay, false);
      case 'stale': {
        const old = request.earlier?.(scheduler.now() - STALE_MS);
        if (old === undefined) return landIn(sent, true);
        return settle(
          sent + back,
          () => 'an older state',
          () => {
            process.readings.set(keyOf(request), { at: scheduler.now(), value: old });
            resolve(old);
          },
        );
      }
      default:
        kind satisfies never;
    }
  });
}

/** Two targets are two things to be read, and so are two services. */
function keyOf({ store, op, about }: Pick<CallRequest<unknown>, 'store' | 'op' | 'about'>): string {
  const isNamed = store === 'target' || store === 'service';
  return isNamed ? `${store}:${about?.split(' ')[0] ?? op}` : store;
}

function faultOf<T>(
  world: World,
  process: Process,
  { store, write }: CallRequest<T>,
  name: string,
): { kind: CallFault; ms: number } | undefined {
  const at = world.scheduler.now() - START;
  for (const [index, fault] of world.scene.faults.entries()) {
    if (!('store' in fault) || fault.store !== store) continue;
    if (fault.actor !== 'all' && fault.actor !== process.actor) continue;
    if (at < fault.from || at >= fault.to || roll(`${name}/${index}`) >= fault.share) continue;
    const isOfWrites = ['apply-then-fail', 'apply-late', 'duplicate'].includes(fault.kind);
    // A disk does not do things later: what a process does not see done there is not done.
    if (isOfWrites && (!write || store === 'disk')) continue;
    if (fault.kind === 'stale' && write) continue;
    return { kind: fault.kind, ms: delayOf(fault.kind, roll(`${name}/ms`)) };
  }
  return undefined;
}

/** What is only slow is slow by seconds; what lies about on the way can do so for minutes. */
function delayOf(kind: CallFault, rolled: number): number {
  const longest = kind === 'apply-late' || kind === 'duplicate' ? 150_000 : 25_000;
  return 200 + rolled ** 3 * longest;
}

function unreachable(
  store: StoreName,
  kind: 'failed' | 'uncertain',
  message: string,
): BackoutError {
  return new BackoutError({
    code: `E_${store.toUpperCase()}_UNREACHABLE`,
    kind,
    message: `${store}: ${message}`,
    remedy: 'Try again.',
    retryable: true,
  });
}

function asError(reason: unknown): BackoutError {
  if (reason instanceof BackoutError) return reason;
  const message = reason instanceof Error ? reason.message : String(reason);
  return new BackoutError({ code: 'E_ABORTED', kind: 'uncertain', message, remedy: 'Look.' });
}

function shortly(value: unknown): string {
  if (value === undefined) return 'ok';
  const text = JSON.stringify(value);
  return text.length > 120 ? 'ok' : text;
}
