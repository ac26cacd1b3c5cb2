import { appendFileSync } from 'node:fs';
import { error, notice, setOutput, setSecret } from '@actions/core';
import type { Need } from '../../src/config/availability.ts';
import type { EnvironmentVariables } from '../../src/config/environment.ts';
import { requirePlainText } from '../../src/model/typed-text.ts';
import { buildTargets } from '../../src/wiring/build-targets.ts';
import { locateConfig } from '../../src/wiring/locate-config.ts';
import { type OpenService, openService } from '../../src/wiring/open-service.ts';
import { asBackoutError } from './as-backout-error.ts';
import { describeEvent, inert, type Log, logStream } from './log.ts';
import { readConfig } from './read-config.ts';

/** One step in the deploy workflow of a team. */
export interface Step {
  need: Need;
  /** Does it. Only what it returns is shown and set as outputs. */
  work(service: OpenService, given: Given): Promise<StepResult>;
}

export interface Given {
  /** An input as it was given; undefined = left blank. @throws BackoutError E_USAGE */
  input: (name: string) => string | undefined;
  actor: string;
  log: Log;
  /** Fires when the run is cancelled. */
  interrupted: AbortSignal;
}

export interface StepResult {
  /** What is true now, in a sentence or two. */
  said: string;
  outputs: Record<string, string>;
  /** Fails the job when false. */
  ok: boolean;
}

function log(text: string): void {
  process.stdout.write(`${inert(text)}\n`);
}

/**
 * Inputs → one call → outputs, an annotation and the exit code. Never throws: what is refused fails
 * the job, with the state and the remedy where everybody sees them.
 */
export async function runStep(variables: EnvironmentVariables, step: Step): Promise<void> {
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => abort.abort(new Error('the run was cancelled')));
  }
  try {
    const input = (name: string): string | undefined => {
      const text = variables[`INPUT_${name.toUpperCase()}`] ?? '';
      requirePlainText(`The input ${name}`, text);
      return text === '' ? undefined : text;
    };
    const actor = variables['GITHUB_TRIGGERING_ACTOR'] ?? variables['GITHUB_ACTOR'] ?? 'unknown';
    requirePlainText('The name of the actor', actor);
    const folder = variables['GITHUB_WORKSPACE'] ?? process.cwd();
    const located = await locateConfig(input('config'), folder, variables, 'refuse');
    const read = readConfig(located, input('environment'), variables);
    for (const secret of read.secrets) setSecret(secret);
    for (const text of read.notices) log(text);
    await using service = await openService({
      loaded: read.loaded,
      file: read.file,
      environment: read.environment,
      need: step.need,
      buildTargets,
      journalMode: 'journal-first',
      user: actor,
      variables,
      console: logStream(log),
      consoleSkips: [],
      observe(event) {
        const text = describeEvent(event);
        if (text !== undefined) log(text);
      },
      interrupted: abort.signal,
    });
    const { said, outputs, ok } = await step.work(service, {
      input,
      actor,
      log,
      interrupted: abort.signal,
    });
    for (const [name, value] of Object.entries({ code: '', ...outputs })) setOutput(name, value);
    (ok ? notice : error)(inert(said), { title: 'Backout' });
    summarize(variables, said);
    process.exitCode = ok ? 0 : 1;
  } catch (cause) {
    const { code, message, state, remedy } = asBackoutError(cause);
    setOutput('code', code);
    error(inert(`${message}\nState: ${state}\nDo: ${remedy}`), { title: code });
    summarize(variables, `**${code}** ${message}\n\n**State:** ${state}\n\n**Do:** ${remedy}`);
    process.exitCode = 1;
  }
}

/** Where there is no page for it, the log and the outputs have said it all. */
function summarize(variables: EnvironmentVariables, markdown: string): void {
  const page = variables['GITHUB_STEP_SUMMARY'];
  if (page === undefined) return;
  try {
    appendFileSync(page, `${markdown}\n`);
  } catch {
    // See above.
  }
}
