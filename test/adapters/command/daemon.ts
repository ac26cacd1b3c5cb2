import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('programs/daemon.ts', import.meta.url));

/** The command line that does something with the service in a folder; see the program. */
export function daemon(what: 'restart' | 'status', folder: string): string[] {
  return [process.execPath, PROGRAM, what, folder];
}
