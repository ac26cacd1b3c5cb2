import { BackoutError } from '../../model/error.ts';
import type { LiveRelease, ReleaseRef, Target } from '../../ports/target.ts';

export interface MemoryTarget extends Target {
  /** Makes a release deployable. */
  publish(release: ReleaseRef): void;
  /** Every change that was really made, in order: the outside witness. */
  readonly effects: ReleaseRef[];
  /**
   * Called in `apply` after the fence, before the change; throw to fail, wait to be slow. After
   * it, a change only happens when the signal has not aborted.
   */
  beforeChange: (release: ReleaseRef, signal: AbortSignal) => Promise<void>;
  /** While set, `current` cannot tell. */
  problem: string | undefined;
}

/** A target that exists in this process only. */
export function memoryTarget(name = 'memory', live?: ReleaseRef): MemoryTarget {
  const published = new Map<string, string>();
  const effects: ReleaseRef[] = [];
  let highestFence = 0;
  let current = live;
  const target: MemoryTarget = {
    name,
    kind: 'memory',
    effects,
    problem: undefined,
    beforeChange: () => Promise.resolve(),
    publish({ tag, commit }) {
      published.set(tag, commit);
    },
    preflight({ tag, commit }) {
      if (published.get(tag) === commit) return Promise.resolve();
      return Promise.reject(
        new BackoutError({
          code: 'E_ARTEFACT_MISSING',
          kind: 'refused',
          message: `${tag} was never published to ${name}.`,
          remedy: 'Choose another release.',
        }),
      );
    },
    async apply(release, { fence, signal }) {
      passFence(fence);
      if (current?.tag === release.tag && current.commit === release.commit) return;
      await target.beforeChange(release, signal);
      if (signal.aborted) throw stoppedError(name);
      // Again: a newer holder may have come by while we were slow.
      passFence(fence);
      current = { tag: release.tag, commit: release.commit };
      effects.push(current);
    },
    current: () => Promise.resolve(describe()),
  };

  function passFence(fence: number): void {
    if (fence < highestFence) throw fencedError(name, fence, highestFence);
    highestFence = fence;
  }

  function describe(): LiveRelease {
    if (target.problem !== undefined) return { known: false, problem: target.problem };
    if (current === undefined) return { known: false, problem: 'nothing was ever deployed' };
    return { known: true, ...current, detail: 'in memory' };
  }

  return target;
}

function fencedError(name: string, fence: number, highest: number): BackoutError {
  return new BackoutError({
    code: 'E_FENCED',
    kind: 'refused',
    message: `A newer rollback (lease number ${highest}) has taken over ${name}; ours is number ${fence}.`,
    remedy: 'Look at what is going on.',
  });
}

function stoppedError(name: string): BackoutError {
  return new BackoutError({
    code: 'E_DEPLOY',
    kind: 'uncertain',
    message: `The deploy to ${name} was stopped.`,
    remedy: 'Read back what is live.',
    retryable: true,
  });
}
