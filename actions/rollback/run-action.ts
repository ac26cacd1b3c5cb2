import { systemClock } from '../../src/adapters/system-clock.ts';
import type { EnvironmentVariables } from '../../src/config/environment.ts';
import type { BackoutError } from '../../src/model/error.ts';
import type { Level } from '../../src/model/level.ts';
import type { RequestedRollback } from '../../src/operations/request-rollback.ts';
import { locateConfig } from '../../src/wiring/locate-config.ts';
import { asBackoutError } from '../common/as-backout-error.ts';
import type { Log } from '../common/log.ts';
import { type ActionInputs, readInputs } from './inputs.ts';

/** One thing that happened, for the time line of the summary. */
export interface Moment {
  /** Milliseconds since the Action began. */
  at: number;
  text: string;
}

export interface ActionReport {
  /** `undefined` = refused or failed before a result; then there is an error. */
  done: RequestedRollback | undefined;
  error: BackoutError | undefined;
  moments: Moment[];
  budgets: Record<Level, number> | undefined;
}

/** How the Action talks to the runner. */
export interface Runner {
  log: Log;
  mask: (secret: string) => void;
}

/** Inputs → one call → everything that there is to say about it. Never throws. */
export async function runAction(
  variables: EnvironmentVariables,
  { log, mask }: Runner,
): Promise<ActionReport> {
  const report: ActionReport = {
    done: undefined,
    error: undefined,
    moments: [],
    budgets: undefined,
  };
  const startedAt = systemClock.now();
  try {
    const inputs = readInputs(variables);
    const { level, actor } = inputs;
    log(`Backout: level ${level ?? 'as recommended'}, asked for by ${actor}`);
    // What is needed is loaded when it is needed: whoever waits sees early what is being done. Git
    // is asked which backout.yml counts while that which understands it is loaded.
    const [located, { readConfig }] = await Promise.all([
      locateConfig(
        inputs.config,
        variables['GITHUB_WORKSPACE'] ?? process.cwd(),
        variables,
        level === 'flags' ? 'use' : 'refuse',
      ),
      import('../common/read-config.ts'),
    ]);
    const read = readConfig(located, inputs.environment, variables);
    for (const secret of read.secrets) mask(secret);
    log(describePurpose(inputs, read.loaded.config.service, read.environment));
    for (const notice of read.notices) log(notice);
    const { perform } = await import('./perform.ts');
    const interrupted = stopSignal(log);
    await perform(report, { inputs, read, variables, log, startedAt, interrupted });
  } catch (error) {
    report.error = asBackoutError(error);
  }
  return report;
}

/** What is going to be done to what: the first that somebody wants to be sure of. */
function describePurpose(inputs: ActionInputs, service: string, environment: string): string {
  const { level, to, dryRun, forward } = inputs;
  const back = `go back to ${to ?? 'the last known good release'}`;
  const deeds: Record<Level, string> = {
    flags: 'make safe',
    application: `make safe, then ${back}`,
    database: `make safe, then restore the database and ${back}`,
  };
  if (forward) {
    const undo = 'undo the last rollback and return to what it left';
    return `${service} in ${environment}: ${dryRun ? 'show the plan to ' : ''}${undo}`;
  }
  const deed = level === undefined ? 'do what the situation asks for' : deeds[level];
  return `${service} in ${environment}: ${dryRun ? 'show the plan to ' : ''}${deed}`;
}

/** A run that is cancelled ends the step it is in, and still says what is done and what is not. */
function stopSignal(log: Log): AbortSignal {
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      log('Stopping: the running step is ended.');
      abort.abort(new Error('the run was cancelled'));
    });
  }
  return abort.signal;
}
