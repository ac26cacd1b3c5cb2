/** Runs a program to its end and gives its output. Never through a shell. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { EnvironmentVariables } from '../../config/environment.ts';

const execFileAsync = promisify(execFile);

export interface ProgramOptions {
  /** Milliseconds after which the program is killed and the promise rejects. */
  timeoutMs: number;
  env: EnvironmentVariables;
  cwd?: string;
}

/**
 * @returns what the program printed on its standard output
 * @throws {Error} when it cannot be started, ends with a code other than 0, or takes too long; the
 * message ends with the last lines it printed on its standard error.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<string> {
  try {
    const { stdout } = await execFileAsync(file, args, {
      cwd: options.cwd,
      env: options.env,
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      // The listing of a distribution's whole dependency closure is about 200 KB.
      maxBuffer: 32 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    throw new Error(`${file} did not work: ${explain(error, options)}`, { cause: error });
  }
}

function explain(error: unknown, options: ProgramOptions): string {
  if (!(error instanceof Error)) return String(error);
  if ('killed' in error && error.killed === true) {
    return `it was stopped after ${options.timeoutMs / 1000} s`;
  }
  const printed = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr : '';
  return lastLines(printed, 5) || error.message;
}

/** The last `count` lines of a text that are not empty. */
export function lastLines(text: string, count: number): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-count).join('\n');
}
