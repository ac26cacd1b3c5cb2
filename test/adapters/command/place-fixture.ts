import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandTarget, type CommandTargetOptions } from '../../../src/adapters/command/target.ts';
import { readEnvironment } from '../../../src/config/environment.ts';
import type { DeployGuard, ReleaseRef, Target } from '../../../src/ports/target.ts';

const PROGRAM = fileURLToPath(new URL('./programs/place.ts', import.meta.url));

export const GOOD: ReleaseRef = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
export const BAD: ReleaseRef = { tag: 'v1.2.0', commit: 'b2'.repeat(20) };

export interface Place extends AsyncDisposable {
  folder: string;
  options: CommandTargetOptions;
  target: Target;
  publish: (release: ReleaseRef) => Promise<void>;
  behave: (as: string) => Promise<void>;
  /** What the programs themselves wrote down. */
  log(): string[];
  makeLive: (text: string) => Promise<void>;
}

/** A temporary place to deploy to, and a command target over it with real programs. */
export async function place(more: Partial<CommandTargetOptions> = {}): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'backout-place-'));
  const node = [process.execPath, PROGRAM, folder];
  const options: CommandTargetOptions = {
    name: 'web',
    commands: {
      preflight: [...node, 'preflight', '{tag}', '{commit}'],
      deploy: [...node, 'deploy', '{tag}', '{commit}'],
      current: [...node, 'current'],
    },
    cwd: folder,
    env: { PATH: readEnvironment().variables['PATH'] },
    stateDirectory: join(folder, 'state'),
    timeoutMs: 15_000,
    ...more,
  };
  return {
    folder,
    options,
    target: commandTarget(options),
    publish: ({ tag, commit }) => writeFile(join(folder, `published-${tag}`), commit),
    behave: (as) => writeFile(join(folder, 'behaviour'), as),
    log() {
      const path = join(folder, 'log');
      return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
    },
    makeLive: (text) => writeFile(join(folder, 'live'), text),
    async [Symbol.asyncDispose]() {
      const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '');
      for (const [, pid] of log.matchAll(/ pid=(\d+)/g)) endIfRunning(Number(pid));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What a lease holder passes to `apply`. */
export function guard(fence: number, signal = new AbortController().signal): DeployGuard {
  return { fence, incident: 'incident1', signal };
}

function endIfRunning(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone, as it should be.
  }
}
