import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from './durable-file.ts';
import { countOf, fieldOf, textOf } from './json.ts';

/** What a supervisor must still know after a restart. */
export interface Memory {
  /** Highest fencing number ever seen. */
  highestFence: number;
  live?: { tag: string; commit: string };
}

/**
 * @throws {Error} when there is a file that cannot be understood: starting without the highest
 * fencing number would let a holder in that was already replaced.
 */
export function readMemory(stateDirectory: string): Memory {
  const path = memoryFile(stateDirectory);
  if (!existsSync(path)) return { highestFence: 0 };
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const live = fieldOf(value, 'live');
    return {
      highestFence: countOf(value, 'highestFence'),
      ...(live === undefined
        ? {}
        : { live: { tag: textOf(live, 'tag'), commit: textOf(live, 'commit') } }),
    };
  } catch (cause) {
    throw new Error(`${path} cannot be understood: repair it before starting again`, { cause });
  }
}

export function writeMemory(stateDirectory: string, memory: Memory): void {
  replaceFile(memoryFile(stateDirectory), `${JSON.stringify(memory)}\n`);
}

function memoryFile(stateDirectory: string): string {
  return join(stateDirectory, 'memory.json');
}
