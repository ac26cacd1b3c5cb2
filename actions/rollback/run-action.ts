import { systemClock } from '../../src/adapters/system-clock.ts';
import type { EnvironmentVariables } from '../../src/config/environment.ts';
import type { BackoutConfig } from '../../src/config/schema.ts';
import { listReferences } from '../../src/config/secrets.ts';
import { BackoutError, describeCause } from '../../src/model/error.ts';
import type { Level } from '../../src/model/level.ts';
import { type RequestedRollback, requestRollback } from '../../src/operations/request-rollback.ts';
import { findConfig } from '../../src/wiring/find-config.ts';
import { buildTargets } from '../../src/wiring/build-targets.ts';
import { openService } from '../../src/wiring/open-service.ts';
import { readInputs } from './inputs.ts';
import { describeEvent, type Log, logStream, seconds } from './log.ts';

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
    log(`Backout: level ${inputs.level ?? 'as recommended'}, asked for by ${inputs.actor}`);
    const emergency = inputs.level === 'flags';
    const { loaded, file, notices } = await findConfig(
      inputs.config,
      variables['GITHUB_WORKSPACE'] ?? process.cwd(),
      variables,
      emergency ? 'use' : 'refuse',
    );
    for (const secret of secretsOf(loaded.config, variables)) mask(secret);
    for (const notice of notices) log(notice);
    await using service = await openService({
      loaded,
      file,
      environment: inputs.environment,
      need: inputs.level ?? 'application',
      buildTargets,
      journalMode: emergency ? 'spool-first' : 'journal-first',
      user: inputs.actor,
      variables,
      console: logStream(log),
      // The lines of the steps say it already.
      consoleSkips: ['progress'],
      observe(event) {
        const text = describeEvent(event);
        if (text !== undefined) log(text);
        if (event.type !== 'step-ended') return;
        const { step, result } = event;
        const at = systemClock.now() - startedAt;
        report.moments.push({ at, text: `${step.title}, ${result.outcome}` });
      },
      interrupted: stopSignal(log),
    });
    report.budgets = service.ports.facts.budgetsMs;
    if (!emergency) await service.drain();
    report.done = await requestRollback(
      service.ports,
      { ...inputs, policy: service.config.environment.approval.application },
      (plan) => {
        log(`Plan ${plan.hash}, budget ${seconds(plan.budget_ms)}:`);
        for (const { title, cap_ms: cap } of plan.steps)
          log(`  ${title} (at most ${seconds(cap)})`);
      },
    );
    if (emergency) await service.drain();
  } catch (error) {
    report.error = asBackoutError(error);
  }
  return report;
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

/** The values behind references, and the passwords inside addresses: both may be printed alone. */
function secretsOf(config: BackoutConfig, variables: EnvironmentVariables): string[] {
  const values = listReferences(config).flatMap(({ reference }) => {
    const value = reference.startsWith('env:') ? variables[reference.slice(4)] : undefined;
    return value === undefined ? [] : [value];
  });
  const passwords = values.flatMap((value) => {
    const password = URL.parse(value)?.password ?? '';
    return password === '' ? [] : [password, safelyDecoded(password)];
  });
  return [...new Set([...values, ...passwords])].filter((value) => value.trim() !== '');
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function asBackoutError(error: unknown): BackoutError {
  if (error instanceof BackoutError) return error;
  return new BackoutError({
    code: 'E_INTERNAL',
    message: describeCause(error),
    state: 'Not known from here: this is a fault in Backout itself.',
    remedy: 'Look with `backout incident show` and `backout flags list`, then report it.',
    cause: error,
  });
}
