import type { Task } from './scene.ts';

/** A task in one line. */
export function describe(task: Task): string {
  const { actor: _actor, at: _at, kind, ...rest } = task;
  const more = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
  return [kind, ...more].join(' ');
}
