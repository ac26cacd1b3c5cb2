import { error, notice, setOutput, setSecret } from '@actions/core';
import type { Need } from '../../src/config/availability.ts';
import type { EnvironmentVariables } from '../../src/config/environment.ts';
import { buildTargets } from '../../src/wiring/build-targets.ts';
import { openDirectStores } from '../../src/wiring/direct-stores.ts';
import { locateConfig } from '../../src/wiring/locate-config.ts';
import { type OpenOptions, type OpenService, openService } from '../../src/wiring/open-service.ts';
import { asBackoutError } from './as-backout-error.ts';
import { describeEvent, inert, type Log, logStream } from './log.ts';
import { escapeMarkdown } from './markdown.ts';
import { readConfig } from './read-config.ts';
import { readActor, readInput } from './read-input.ts';
import { whatHappened } from './refusal.ts';
import { showOnPage } from './show-on-page.ts';

/** One step in the deploy workflow of a team. */
export interface Step {
  need: Need;
  /** What audits migrations; left out where no release is judged. */
  buildMigrations?: OpenOptions['buildMigrations'];
  /** What knows of deployments elsewhere; left out where nobody asks. */
  buildDeployments?: OpenOptions['buildDeployments'];
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
  /** Markdown for the page under the run, made harmless already; left out: what was said. */
  page?: string;
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
    const input = (name: string): string | undefined => readInput(variables, name);
    const actor = readActor(variables);
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
      openStores: openDirectStores,
      ...(step.buildMigrations && { buildMigrations: step.buildMigrations }),
      ...(step.buildDeployments && { buildDeployments: step.buildDeployments }),
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
    const { said, outputs, ok, page } = await step.work(service, {
      input,
      actor,
      log,
      interrupted: abort.signal,
    });
    for (const [name, value] of Object.entries({ code: '', ...outputs })) setOutput(name, value);
    (ok ? notice : error)(inert(said), { title: 'Backout' });
    await showOnPage(page ?? asPage(said));
    process.exitCode = ok ? 0 : 1;
  } catch (cause) {
    const refusal = asBackoutError(cause);
    const { code, state, remedy } = refusal;
    const lines = [...whatHappened(refusal), `State: ${state}`, `Do: ${remedy}`];
    setOutput('code', code);
    error(inert(lines.join('\n')), { title: code });
    await showOnPage(asPage([code, ...lines].join('\n')));
    process.exitCode = 1;
  }
}

/** Each line is a paragraph, and only shows what it says. */
function asPage(text: string): string {
  return text
    .split('\n')
    .map((line) => escapeMarkdown(line))
    .join('\n\n');
}
