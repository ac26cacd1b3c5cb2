import { BackoutError } from '../model/error.ts';

/** A newer holder of the lease was here; what it does is its own business. */
export function fencedError(target: string, highest: number, ours: number): BackoutError {
  return new BackoutError({
    code: 'E_FENCED',
    kind: 'refused',
    message: `A newer rollback (lease number ${highest}) has taken over ${target}; ours is number ${ours}.`,
    state: `We changed nothing on ${target}.`,
    remedy:
      'Look at what is going on with `backout incident list`. Do not force it. Only if the lease ' +
      'database was restored to an older state: remove the mark (docs/targets.md) and try again.',
  });
}
