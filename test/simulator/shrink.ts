import { runScene } from './run-scene.ts';
import type { Scene } from './scene.ts';

/** Leaves tasks and faults out, one by one, as long as the same rule is still broken. */
export async function shrink(scene: Scene, rule: string): Promise<Scene> {
  const stillBroken = async (candidate: Scene): Promise<boolean> => {
    const { violations } = await runScene(candidate);
    return violations.some(({ id }) => id === rule);
  };
  let best = scene;
  for (let smaller = true; smaller;) {
    smaller = false;
    for (const part of ['tasks', 'faults'] as const) {
      for (let index = best[part].length - 1; index >= 0; index -= 1) {
        const candidate: Scene = { ...best, [part]: best[part].toSpliced(index, 1) };
        if (!(await stillBroken(candidate))) continue;
        best = candidate;
        smaller = true;
      }
    }
    if (best.targets.length > 1) {
      const candidate: Scene = { ...best, targets: best.targets.slice(0, 1) };
      if (await stillBroken(candidate)) best = candidate;
    }
  }
  return best;
}
