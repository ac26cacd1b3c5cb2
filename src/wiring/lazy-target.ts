import type { LiveRelease, Target } from '../ports/target.ts';
import { describeCause } from '../model/error.ts';

/**
 * A target whose adapter is loaded when it is first used: the clients of AWS take longer to load
 * than everything else together, and whoever only makes safe does not need them.
 */
export function lazyTarget(name: string, kind: string, load: () => Promise<Target>): Target {
  let loading: Promise<Target> | undefined;
  const target = (): Promise<Target> => (loading ??= load());
  return {
    name,
    kind,
    preflight: async (release) => (await target()).preflight(release),
    apply: async (release, guard) => (await target()).apply(release, guard),
    async current(signal): Promise<LiveRelease> {
      try {
        return await (await target()).current(signal);
      } catch (error) {
        return { known: false, problem: describeCause(error) };
      }
    },
  };
}
