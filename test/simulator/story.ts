import { START } from './history.ts';
import type { Run } from './run-scene.ts';
import { describe } from './describe.ts';
import type { Scene } from './scene.ts';

/** A run as people read it: who should do what, what goes wrong, and then line by line. */
export function tellStory(scene: Scene, { log, violations, events, playedMs }: Run): string {
  const lines = [
    `Seed ${scene.seed}. Targets ${scene.targets.join(', ')}, ${scene.instances} instances; ` +
      `a rollback ${scene.rollbackHelps ? 'helps' : 'does not help'}.`,
    ...scene.tasks.map((task) => `  ${time(START + task.at)}  ${task.actor}: ${describe(task)}`),
    ...scene.faults.map(
      ({ kind, ...rest }) =>
        `  fault ${kind}: ${Object.entries(rest)
          .map(([name, value]) => `${name} ${String(value)}`)
          .join(', ')}`,
    ),
    '',
    ...log.map(({ at, who, text }) => `${time(at)}  ${who.padEnd(14)} ${text}`),
    '',
    `${events} events in ${Math.round(playedMs / 1000)} s of the night.`,
    ...(violations.length === 0 ? ['No invariant is broken.'] : []),
    ...violations.map(({ id, at, text }) => `${id} is broken at ${time(at)}: ${text}`),
  ];
  return `${lines.join('\n')}\n`;
}

function time(at: number): string {
  return at === 0 ? '--:--' : new Date(at).toISOString().slice(11, 23);
}
