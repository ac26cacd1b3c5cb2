/** What goes to a control function and comes back from it: the same schemas on both sides. */
import * as z from 'zod';
import { BackoutError } from '../../model/error.ts';

/** What control-emergency can do. Nothing that lifts, closes, resets, deletes or deploys. */
export const EMERGENCY_OPERATIONS = ['breakers.read', 'breakers.trip', 'instances'] as const;
export type EmergencyOperation = (typeof EMERGENCY_OPERATIONS)[number];

const instant = z.iso.datetime();
/** The name of an alarm may have 255 characters, and says before it who asks. */
const name = z.string().min(1).max(400);
const override = z.strictObject({
  mode: z.literal('safe'),
  incident: name,
  groups: z.exactOptional(z.array(name).max(1_000)),
  since: instant,
  by: name,
  rule: name,
  reason: z.string().max(4_000),
});

/** The input of each operation. */
export const INPUTS = {
  'breakers.read': z.strictObject({}),
  instances: z.strictObject({}),
  'breakers.trip': z.strictObject({
    providers: z.array(name).max(1_000),
    by: name,
    reason: z.string().max(4_000),
    incident: name,
    at: instant,
    override: z.exactOptional(override),
  }),
} as const satisfies Record<EmergencyOperation, z.ZodType>;

export type InputOf<Operation extends EmergencyOperation> = z.output<(typeof INPUTS)[Operation]>;

export const request = z.strictObject({
  version: z.literal(1),
  service: z.string(),
  environment: z.string(),
  operation: z.string().max(100),
  input: z.unknown(),
});

const failure = z.looseObject({
  code: z.templateLiteral(['E_', z.string()]),
  kind: z.enum(['usage', 'refused', 'failed', 'uncertain']),
  message: z.string(),
  state: z.string().optional(),
  remedy: z.string(),
  retryable: z.boolean().optional(),
});
const answer = z.discriminatedUnion('ok', [
  z.looseObject({ ok: z.literal(true), result: z.unknown() }),
  z.looseObject({ ok: z.literal(false), error: failure }),
]);

/** What a control function answers. */
export type ControlAnswer =
  | { ok: true; result: unknown }
  | { ok: false; error: Record<string, unknown> };

/** @throws BackoutError the one that the function answered with; E_CONTROL for anything else */
export function openAnswer(given: unknown): unknown {
  const parsed = answer.safeParse(given);
  if (!parsed.success) throw controlError('its answer is none');
  if (parsed.data.ok) return parsed.data.result;
  const { code, kind, message, state, remedy, retryable } = parsed.data.error;
  throw new BackoutError({
    code,
    kind,
    message,
    ...(state === undefined ? {} : { state }),
    remedy,
    ...(retryable === undefined ? {} : { retryable }),
  });
}

/** @param why the end of a sentence */
export function controlError(why: string, cause?: unknown): BackoutError {
  return new BackoutError({
    code: 'E_CONTROL',
    kind: 'uncertain',
    message: `The control function gave no usable answer: ${why}.`,
    state: 'Whether it did something is not known; asking again is safe.',
    remedy: 'Look into the log of the function, and ask again.',
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}
