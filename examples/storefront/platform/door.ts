import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from './durable-file.ts';
import { countOf, textOf } from './json.ts';

/** How to reach the supervisor of a state folder. */
export interface Door {
  pid: number;
  /** Address of the service, for customers. */
  url: string;
  controlPort: number;
  token: string;
  artifacts: string;
}

/** Readable for the owner only: the token lets anybody deploy. */
export function writeDoor(stateDirectory: string, door: Door): void {
  replaceFile(join(stateDirectory, 'supervisor.json'), `${JSON.stringify(door)}\n`, 0o600);
}

/** @throws {Error} when no supervisor was ever started there */
export function readDoor(stateDirectory: string): Door {
  const value: unknown = JSON.parse(readFileSync(join(stateDirectory, 'supervisor.json'), 'utf8'));
  return {
    pid: countOf(value, 'pid'),
    url: textOf(value, 'url'),
    controlPort: countOf(value, 'controlPort'),
    token: textOf(value, 'token'),
    artifacts: textOf(value, 'artifacts'),
  };
}
