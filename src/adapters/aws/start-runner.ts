import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { BackoutError } from '../../model/error.ts';
import type { RollbackRunner } from '../../ports/rollback-runner.ts';
import { saidBy } from './call-error.ts';

/** Longest for one start, in milliseconds: AWS answers as soon as it keeps the event. */
const START_MS = 5_000;
/** What AWS answers when it keeps an event. */
const ACCEPTED = 202;

export interface LambdaRunnerOptions {
  /** May try again: a second start finds the lease held, or the work done. */
  client: LambdaClient;
  /** Name and alias of the function. */
  address: string;
  /** Left out: 5,000. */
  capMs?: number;
}

/** Starts the function `runner`, and leaves it to itself. */
export function lambdaRunner({
  client,
  address,
  capMs = START_MS,
}: LambdaRunnerOptions): RollbackRunner {
  return {
    async start(request) {
      const command = new InvokeCommand({
        FunctionName: address,
        InvocationType: 'Event',
        Payload: new TextEncoder().encode(JSON.stringify(request)),
      });
      let status: number | undefined;
      try {
        const answered = await client.send(command, { abortSignal: AbortSignal.timeout(capMs) });
        status = answered.StatusCode;
      } catch (error) {
        throw notStarted(saidBy(error).replace(/\.$/, ''), isNo(error), error);
      }
      if (status !== ACCEPTED) throw notStarted(`AWS answered ${status ?? 'nothing'}`, false);
    },
  };
}

/** AWS itself said no (4xx): then nothing was started. Silence and faults of its own tell nothing. */
function isNo(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const metadata: unknown = Reflect.get(error, '$metadata');
  if (typeof metadata !== 'object' || metadata === null) return false;
  const status: unknown = Reflect.get(metadata, 'httpStatusCode');
  return typeof status === 'number' && status >= 400 && status < 500;
}

function notStarted(said: string, isCertain: boolean, cause?: unknown): BackoutError {
  return new BackoutError({
    code: 'E_RUNNER',
    kind: isCertain ? 'failed' : 'uncertain',
    message: `The function that may change targets is not known to run: ${said}.`,
    state: isCertain
      ? 'It was not started. What was made safe is safe.'
      : 'It may run or not. What was made safe is safe.',
    remedy: 'Look at what is live with `backout assess`, then `backout rollback application`.',
    retryable: !isCertain,
    cause,
  });
}
