import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';

/** Replaces a file in one go: after a crash there is the old text or the new one, never half of it. */
export function replaceFile(path: string, text: string, mode = 0o644): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeAndSync(temporary, 'w', text, mode);
  renameSync(temporary, path);
}

/** Appends a line that survives a crash right after. */
export function appendLine(path: string, line: string): void {
  writeAndSync(path, 'a', `${line}\n`, 0o644);
}

function writeAndSync(path: string, flags: string, text: string, mode: number): void {
  const file = openSync(path, flags, mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
