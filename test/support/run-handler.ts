import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FunctionName } from '../../src/config/resource-names.ts';

const root = join(import.meta.dirname, '../..');

/** A function from its source, in a process of its own with nothing but these variables. */
export interface RunningHandler extends AsyncDisposable {
  /** @throws {Error} when the function does */
  call(event: object): Promise<unknown>;
  /** All that it printed. */
  printed(): string;
}

/** One call at a time. @param variables its whole environment */
export async function runHandler(
  name: FunctionName,
  variables: Record<string, string>,
): Promise<RunningHandler> {
  const module = join(root, 'lambdas', name, 'handler.ts');
  const child = fork(join(import.meta.dirname, 'programs/handler-host.ts'), [module], {
    env: variables,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk.toString('utf8')));
  }
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${name} ended: ${chunks.join('')}`);
  });
  ended.catch(() => undefined);
  const heard = async (): Promise<{ answer?: unknown; error?: string }> => {
    const [said] = (await Promise.race([once(child, 'message'), ended])) as [
      { answer?: unknown; error?: string },
    ];
    return said;
  };
  await heard();
  return {
    async call(event) {
      const answered = heard();
      child.send(event);
      const { answer, error } = await answered;
      if (error !== undefined) throw new Error(error);
      return answer;
    },
    printed: () => chunks.join(''),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}
