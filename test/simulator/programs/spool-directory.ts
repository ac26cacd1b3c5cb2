/**
 * The folder of src/adapters/file/spool-directory.ts in memory, in the place of the real one: the
 * real spool, its draining and its reading run on it (see load-hooks.ts). It belongs to a machine and
 * outlives its processes; every use of it is an event of its own, so that a process can die between.
 */

import type * as Real from '../../../src/adapters/file/spool-directory.ts';
import type { NewEntry } from '../../../src/model/journal.ts';
import { hashJson } from '../../../src/model/json.ts';

/** One process's way to its machine's disk. */
export interface Disk {
  /** By name of file. */
  files: Map<string, NewEntry>;
  setAside: { file: string; why: string }[];
  use<T>(op: string, write: boolean, effect: () => T): Promise<T>;
}

const disks = new Map<string, Disk>();
let written = 0;

export function mountDisk(directory: string, disk: Disk): void {
  disks.set(directory, disk);
}

export function unmountAll(): void {
  disks.clear();
  written = 0;
}

function diskOf(directory: string): Disk {
  const disk = disks.get(directory);
  if (disk === undefined) throw new Error(`No disk at ${directory}.`);
  return disk;
}

export const writeSpooled: typeof Real.writeSpooled = (directory, entry, at) => {
  const count = String((written += 1)).padStart(8, '0');
  const time = String(Math.trunc(at)).padStart(15, '0');
  const file = `${time}-${count}-${hashJson(entry).slice(0, 16)}.json`;
  const disk = diskOf(directory);
  return disk.use('write', true, () => {
    disk.files.set(file, structuredClone(entry));
    return { file, entry };
  });
};

export const listSpooled: typeof Real.listSpooled = (directory) => {
  const disk = diskOf(directory);
  return disk.use('list', false, () => ({
    entries: [...disk.files]
      .map(([file, entry]) => ({ file, entry: structuredClone(entry) }))
      .toSorted((a, b) => (a.file < b.file ? -1 : 1)),
    unreadable: [],
  }));
};

export const isSpoolEmpty: typeof Real.isSpoolEmpty = (directory) => {
  const disk = diskOf(directory);
  return disk.use('look', false, () => disk.files.size === 0);
};

export const removeSpooled: typeof Real.removeSpooled = (directory, file) => {
  const disk = diskOf(directory);
  return disk.use('remove', true, () => void disk.files.delete(file));
};

export const setAside: typeof Real.setAside = (directory, file, kind, why) => {
  const disk = diskOf(directory);
  return disk.use('set aside', true, () => {
    if (!disk.files.delete(file)) return [];
    disk.setAside.push({ file, why });
    return [{ path: `${kind}/${file}`, why }];
  });
};

/** A file is here whole or not at all: what is half written is tested on a real disk. */
export const recoverUnfinished: typeof Real.recoverUnfinished = () => Promise.resolve([]);
