/**
 * What every function does around its work: one structured line for each thing that it says, with
 * what tells the calls apart, and numbers that CloudWatch reads out of the log (EMF, no API call).
 * No trace is kept: 90 KiB of a bundle, and a service more that could be away in an emergency.
 */

import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';
import type { EnvironmentVariables } from '../config/environment.ts';
import type { FunctionName } from '../config/resource-names.ts';
import { BackoutError, describeCause } from '../model/error.ts';
import type { ExecutionOutcome } from '../model/execution.ts';
import type { Log } from './queue-function.ts';

/** Names of the numbers; `infra/` makes alarms of them. */
export type FunctionCount = 'Decisions' | 'MadeSafe' | 'NotSafe' | 'ComingAgain' | 'Failed';

/** The fields of an answer that are counted or that tell calls apart. */
const counted = z.looseObject({
  decision: z.string().optional(),
  outcome: z.string().optional(),
  incident: z.string().optional(),
  batchItemFailures: z.array(z.unknown()).optional(),
});

const SAFE = 'done' satisfies ExecutionOutcome;

const callContext = z.looseObject({ awsRequestId: z.string() });

/**
 * What an answer counts. An alarm that was to be answered is either safe or not: any outcome that
 * is not exactly `done` is not.
 */
export function countsOf(answer: unknown): Partial<Record<FunctionCount, number>> {
  const { success, data } = counted.safeParse(answer);
  if (!success) return {};
  const { decision, outcome, batchItemFailures } = data;
  return {
    ...(decision === undefined ? {} : { Decisions: 1 }),
    ...(decision !== 'act' ? {} : outcome === SAFE ? { MadeSafe: 1 } : { NotSafe: 1 }),
    ...(batchItemFailures === undefined ? {} : { ComingAgain: batchItemFailures.length }),
  };
}

/**
 * A handler that logs and counts. The event is never logged: it may hold what people wrote.
 *
 * @param variables `BACKOUT_SERVICE` and `BACKOUT_ENVIRONMENT` are on every line, where set
 * @param make makes the function once, with where its lines go: text, or a JSON object in one line
 */
export function runFunction<Answer>(
  name: FunctionName,
  variables: EnvironmentVariables,
  make: (log: Log) => { answer(event: unknown): Promise<Answer> },
): (event: unknown, context?: unknown) => Promise<Answer> {
  const service = variables['BACKOUT_SERVICE'] ?? 'backout';
  const environment = variables['BACKOUT_ENVIRONMENT'] ?? 'the only one';
  const logger = new Logger({
    serviceName: service,
    logLevel: 'INFO',
    persistentKeys: { function: name, environment },
  });
  const metrics = new Metrics({
    namespace: 'Backout',
    serviceName: service,
    defaultDimensions: { environment, function: name },
  });
  const made = make((line) => logger.info(...asLine(line)));
  let cold = true;

  return async (event, context) => {
    const call = callContext.safeParse(context);
    logger.resetKeys();
    logger.appendKeys({
      cold_start: cold,
      ...(call.success ? { request_id: call.data.awsRequestId } : {}),
    });
    cold = false;
    const began = performance.now();
    const count = (counts: Partial<Record<FunctionCount, number>>): void => {
      for (const [what, value] of Object.entries(counts)) {
        metrics.addMetric(what, MetricUnit.Count, value);
      }
      metrics.addMetric('Duration', MetricUnit.Milliseconds, performance.now() - began);
      metrics.publishStoredMetrics();
    };
    try {
      const answer = await made.answer(event);
      const { data } = counted.safeParse(answer);
      logger.info('answered', {
        answer,
        ...(data?.incident === undefined ? {} : { incident: data.incident }),
      });
      count({ ...countsOf(answer), Failed: 0 });
      return answer;
    } catch (error) {
      // The platform logs its message only: not what to do, nor the lines of a configuration.
      const told =
        error instanceof BackoutError ? error.toJSON() : { message: describeCause(error) };
      logger.error('failed', { failure: told });
      count({ Failed: 1 });
      throw error;
    }
  };
}

/** A JSON object keeps its fields, so that they can be searched for; anything else is the text. */
function asLine(line: string): [message: string, fields: Record<string, unknown>] {
  try {
    const fields = z.record(z.string(), z.unknown()).safeParse(JSON.parse(line));
    return fields.success ? ['said', { said: fields.data }] : [line, {}];
  } catch {
    return [line, {}];
  }
}
