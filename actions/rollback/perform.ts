import { systemClock } from '../../src/adapters/system-clock.ts';
import type { EnvironmentVariables } from '../../src/config/environment.ts';
import { requestRollback } from '../../src/operations/request-rollback.ts';
import { buildDeployments } from '../../src/wiring/build-deployments.ts';
import { buildMigrations } from '../../src/wiring/build-migrations.ts';
import { buildTargets } from '../../src/wiring/build-targets.ts';
import { openDirectStores } from '../../src/wiring/direct-stores.ts';
import { openService } from '../../src/wiring/open-service.ts';
import type { ActionInputs } from './inputs.ts';
import { describeEvent, type Log, logStream, seconds } from '../common/log.ts';
import type { ReadConfig } from '../common/read-config.ts';
import type { ActionReport } from './run-action.ts';

export interface Performance {
  inputs: ActionInputs;
  read: ReadConfig;
  variables: EnvironmentVariables;
  log: Log;
  /** When the Action began, for the time line; milliseconds since the epoch. */
  startedAt: number;
  interrupted: AbortSignal;
}

/** Connects everything and rolls back; the report is filled on the way, for what ends half-way. */
export async function perform(report: ActionReport, performance: Performance): Promise<void> {
  const { inputs, read, variables, log, startedAt, interrupted } = performance;
  const emergency = inputs.level === 'flags';
  await using service = await openService({
    loaded: read.loaded,
    file: read.file,
    environment: read.environment,
    need: inputs.level ?? 'application',
    buildTargets,
    openStores: openDirectStores,
    buildMigrations,
    buildDeployments,
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
    interrupted,
  });
  report.budgets = service.ports.facts.budgetsMs;
  if (!emergency) await service.drain();
  report.done = await requestRollback(
    service.ports,
    { ...inputs, policy: service.config.environment.approval.application },
    (plan) => {
      log(`Plan ${plan.hash}, budget ${seconds(plan.budget_ms)}:`);
      for (const [index, { title, cap_ms: cap, stage }] of plan.steps.entries()) {
        const joins = stage === plan.steps[index - 1]?.stage ? 'side by side: ' : '';
        log(`  ${joins}${title} (at most ${seconds(cap)})`);
      }
    },
  );
  if (emergency) await service.drain();
}
