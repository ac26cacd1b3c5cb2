import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { type BundleName, bundlePath } from './bundles.ts';
import type { EnvironmentVariables } from '../../src/config/environment.ts';

/** The part of an answer to an alarm (docs/lambdas.md) that the drill measures. */
const answerSchema = z.looseObject({
  decision: z.string(),
  code: z.string(),
  reason: z.string(),
  incident: z.string().optional(),
  outcome: z.string().optional(),
  within_budget_ms: z.number().optional(),
  budget_ms: z.number().optional(),
  still_off: z.array(z.string()).default([]),
  problems: z.array(z.string()).default([]),
});

export type FunctionAnswer = z.output<typeof answerSchema>;

const messageSchema = z.union([
  z.object({ ready: z.number() }),
  z.object({ answer: z.unknown() }),
  z.object({ error: z.string() }),
]);

/** A function in a process of its own, loaded and waiting, as a platform keeps it. */
export interface RunningFunction extends AsyncDisposable {
  /** Milliseconds from the start of the process until its module was loaded. */
  loadedInMs: number;
  /** Hands it an alarm. @throws {Error} when the function does */
  invoke(event: object): Promise<FunctionAnswer>;
  /** Hands it any event; the answer as it is. @throws {Error} when the function does */
  call(event: object): Promise<unknown>;
}

/** The platform's part of a function: load its module, then one answer for each event. */
function hostCode(module: string): string {
  return `import { handler } from ${JSON.stringify(pathToFileURL(module).href)};
    process.on('message', (event) => {
      handler(event, { awsRequestId: 'drill' }).then(
        (answer) => process.send({ answer }),
        (error) => process.send({ error: String(error) }),
      );
    });
    process.on('disconnect', () => process.exit());
    process.send({ ready: performance.now() });`;
}

const LOAD_LIMIT_MS = 20_000;
/** More than all caps of making safe together. */
const CALL_LIMIT_MS = 60_000;

/** @param log gets what the function prints, line by line */
export async function startFunction(
  name: BundleName,
  variables: EnvironmentVariables,
  log: (line: string) => void,
): Promise<RunningFunction> {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', hostCode(bundlePath(name))],
    { env: variables, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  // A platform keeps both in one log.
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => log(text.trimEnd()));
  }
  const ended = new AbortController();
  child.once('exit', () => ended.abort(new Error('The function ended.')));

  async function next(limitMs: number): Promise<z.output<typeof messageSchema>> {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(limitMs)]);
    const message: unknown = (await once(child, 'message', { signal })).at(0);
    return messageSchema.parse(message);
  }
  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  const first = await next(LOAD_LIMIT_MS).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const call: RunningFunction['call'] = async (event) => {
    const answered = next(CALL_LIMIT_MS);
    child.send(event);
    const message = await answered;
    if ('error' in message) throw new Error(message.error);
    return 'answer' in message ? message.answer : undefined;
  };
  return {
    loadedInMs: 'ready' in first ? first.ready : Number.NaN,
    invoke: async (event) => answerSchema.parse(await call(event)),
    call,
    [Symbol.asyncDispose]: stop,
  };
}
