import * as z from 'zod';
import {
  type ControlAnswer,
  EMERGENCY_OPERATIONS,
  INPUTS,
  request as requestSchema,
} from '../adapters/control/envelope.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import { CALLERS } from '../config/resource-names.ts';
import { BackoutError, describeCause } from '../model/error.ts';
import type { Scope } from '../model/scope.ts';
import { type EmergencyCall, runEmergency } from '../operations/control/emergency.ts';
import { openDirectStores } from './direct-stores.ts';
import { functionService } from './function-service.ts';

/** What answers one control function. */
export interface ControlFunction extends AsyncDisposable {
  /** Never throws: what is refused is an answer, too. @param context of the platform */
  answer(event: unknown, context: unknown): Promise<ControlAnswer>;
}

const contextSchema = z.looseObject({ invokedFunctionArn: z.string() });

/**
 * control-emergency: breakers, for functions of ours that cannot reach them.
 * @param variables those of `functionService`, and what `backout.yml` refers to
 */
export function controlEmergency(
  variables: EnvironmentVariables,
  log: (line: string) => void,
): ControlFunction {
  const service = functionService({
    need: 'flags',
    buildTargets: () => [],
    openStores: openDirectStores,
    journalMode: 'spool-first',
    name: 'control-emergency',
    variables,
    log,
  });
  return {
    async answer(event, context) {
      try {
        const caller = requireCaller(context);
        const { ports } = await service.open();
        const call = readEmergencyCall(event, ports.scope);
        return { ok: true, result: (await runEmergency(ports, call, caller)) ?? null };
      } catch (error) {
        const told = error instanceof BackoutError ? error : unexpected(error);
        log(JSON.stringify({ refused: told }));
        return { ok: false, error: { ...told.toJSON() } };
      }
    },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/**
 * Who calls, by the alias that it calls: every caller has one of its own, and IAM lets nobody else
 * use it. A word in the event would prove nothing.
 * @throws BackoutError E_CALLER (refused)
 */
export function requireCaller(context: unknown): string {
  const parsed = contextSchema.safeParse(context);
  const alias = parsed.success ? parsed.data.invokedFunctionArn.split(':')[7] : undefined;
  const caller = CALLERS.find((one) => one === alias);
  if (caller !== undefined) return caller;
  throw new BackoutError({
    code: 'E_CALLER',
    kind: 'refused',
    message: `Who calls is not proven: the alias ${JSON.stringify(alias ?? '')} is nobody's.`,
    state: 'Nothing was done.',
    remedy: `Call it by the alias of your role: ${CALLERS.join(', ')}.`,
  });
}

/** @throws BackoutError E_CONTROL_INPUT, E_NOT_ON_LIST (refused) */
export function readEmergencyCall(event: unknown, scope: Scope): EmergencyCall {
  const parsed = requestSchema.safeParse(event);
  if (!parsed.success) throw badInput('It is no request of version 1.');
  const { service, environment, operation: name, input } = parsed.data;
  if (service !== scope.service || environment !== scope.environment) {
    throw badInput('It is about another service or environment.');
  }
  const operation = EMERGENCY_OPERATIONS.find((one) => one === name);
  if (operation === undefined) {
    throw new BackoutError({
      code: 'E_NOT_ON_LIST',
      kind: 'refused',
      message: `${JSON.stringify(name.slice(0, 80))} is not on the list of control-emergency.`,
      state: 'Nothing was done.',
      remedy: `It does: ${EMERGENCY_OPERATIONS.join(', ')}. Recovering is for a named person.`,
    });
  }
  switch (operation) {
    case 'breakers.read':
    case 'instances':
      return { operation };
    case 'breakers.trip': {
      const trip = INPUTS[operation].safeParse(input);
      if (!trip.success) throw badInput('Its input is not what this operation takes.');
      return { operation, input: trip.data };
    }
    default:
      return operation satisfies never;
  }
}

function badInput(problem: string): BackoutError {
  return new BackoutError({
    code: 'E_CONTROL_INPUT',
    kind: 'refused',
    message: `The control function does not take this: ${problem}`,
    state: 'Nothing was done.',
    remedy: 'See lambdas/README.md for what it takes.',
  });
}

function unexpected(error: unknown): BackoutError {
  return new BackoutError({
    code: 'E_CONTROL',
    kind: 'uncertain',
    message: `The control function failed: ${describeCause(error)}`,
    state: 'Whether something was done is not known; asking again is safe.',
    remedy: 'Look into its log, and ask again.',
    retryable: true,
  });
}
