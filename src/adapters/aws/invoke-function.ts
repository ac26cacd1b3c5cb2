import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { controlError } from '../control/envelope.ts';
import { saidBy } from './call-error.ts';

export interface FunctionCall {
  /** Made with one try: what changes something is repeated by whoever asked. */
  client: LambdaClient;
  /** Name and alias: the alias says who calls, and IAM lets nobody else use it. */
  address: string;
  /** Longest for one call, in milliseconds. */
  capMs: number;
}

/**
 * Calls a function and waits for its answer.
 * @returns its payload, parsed
 * @throws BackoutError E_CONTROL (uncertain, retryable): no answer, a refusal, a function that threw
 */
export async function invokeFunction(
  { client, address, capMs }: FunctionCall,
  payload: unknown,
): Promise<unknown> {
  const command = new InvokeCommand({
    FunctionName: address,
    InvocationType: 'RequestResponse',
    Payload: new TextEncoder().encode(JSON.stringify(payload)),
  });
  const answered = await client
    .send(command, { abortSignal: AbortSignal.timeout(capMs) })
    .catch((error: unknown) => {
      throw controlError(saidBy(error).replace(/\.$/, ''), error);
    });
  const text = new TextDecoder().decode(answered.Payload);
  if (answered.FunctionError !== undefined) {
    throw controlError(`it threw (${answered.FunctionError})`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw controlError('its answer is no JSON', error);
  }
}
