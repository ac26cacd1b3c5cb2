/** A person with a terminal: pastes one line after the other into one shell, and reads. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface Pasted {
  command: string;
  /** Null when the shell did not come as far. */
  code: number | null;
  output: string;
}

/** Stands between what two lines print. */
const MARK = '@@@ ended with ';

export interface ShellOptions {
  shell: 'sh' | 'bash';
  cwd: string;
  variables: Record<string, string | undefined>;
}

/** Pastes the lines in order, into one shell; each gets what it printed, both outputs together. */
export async function paste(
  commands: readonly string[],
  { shell, cwd, variables }: ShellOptions,
): Promise<Pasted[]> {
  const lines = commands.map((command) => `${command}\nprintf '\\n${MARK}%s\\n' "$?"\n`);
  const child = spawn(shell, ['-s'], {
    cwd,
    env: variables,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  child.stdin.end(`exec 2>&1\n${lines.join('')}`);
  const [output, errors] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  const parts = output.split(new RegExp(`\\n${MARK}(\\d+)\\n`));
  return commands.map((command, index) => ({
    command,
    code: parts[index * 2 + 1] === undefined ? null : Number(parts[index * 2 + 1]),
    output: (parts[index * 2] ?? '') + errors,
  }));
}
