import type { LiveRelease, Target } from '../ports/target.ts';
import { describeCause } from '../model/error.ts';

/**
 * A target whose adapter is loaded when it is first used: the clients of AWS take longer to load
 * than everything else together, and whoever only makes safe does not need them.
 */
export function lazyTarget(
  about: Pick<Target, 'name' | 'kind' | 'readMs'>,
  load: () => Promise<Target>,
): Target {
  let loading: Promise<Target> | undefined;
  const target = (): Promise<Target> => (loading ??= load());
  return {
    ...about,
    preflight: async (release) => (await target()).preflight(release),
    apply: async (release, guard) => (await target()).apply(release, guard),
    async current(signal): Promise<LiveRelease> {
      try {
        return await (await target()).current(signal);
      } catch (error) {
        return { known: false, problem: describeCause(error) };
      }
    },
    lastChange: async (signal) => await (await target()).lastChange?.(signal),
  };
}
