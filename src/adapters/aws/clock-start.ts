import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { BackoutError } from '../../model/error.ts';
import type { IncidentClock } from '../../ports/incident-clock.ts';
import { saidBy } from './call-error.ts';

/** Longest for one start, in milliseconds: it runs beside making safe (design §5.1). */
const START_MS = 1_000;

export interface LambdaClockOptions {
  /** Made with one try: a second start of the same incident says so anyway. */
  client: LambdaClient;
  /** Name and alias of the durable function: it can only be called by an alias. */
  address: string;
}

/**
 * Starts the durable function of an incident. The incident is the name of the execution, so that
 * there is one of it however often it is asked for.
 */
export function lambdaClock({ client, address }: LambdaClockOptions): IncidentClock {
  return {
    async start(start) {
      const command = new InvokeCommand({
        FunctionName: address,
        InvocationType: 'Event',
        DurableExecutionName: start.incident,
        Payload: new TextEncoder().encode(JSON.stringify(start)),
      });
      try {
        await client.send(command, { abortSignal: AbortSignal.timeout(START_MS) });
        return { started: true };
      } catch (error) {
        // AWS keeps the name for as long as it keeps the execution: it runs, or has run.
        if (error instanceof Error && error.name.startsWith('DurableExecutionAlreadyStarted')) {
          return { started: false };
        }
        throw new BackoutError({
          code: 'E_CLOCK',
          kind: 'uncertain',
          message: `The clock of incident ${start.incident} is not known to run: ${saidBy(error)}.`,
          state: 'What was made safe is safe. Nobody is called, and nothing goes on by itself.',
          remedy: `Watch it yourself: \`backout incident watch ${start.incident}\`.`,
          retryable: true,
          cause: error,
        });
      }
    },
  };
}
