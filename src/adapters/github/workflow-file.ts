/** What a workflow file says about being started by hand; read before anything is started. */

import { parse } from 'yaml';
import * as z from 'zod';

const input = z.object({
  required: z.boolean().default(false),
  default: z.union([z.string(), z.number(), z.boolean()]).optional(),
});
const dispatch = z.object({ inputs: z.record(z.string(), input.nullable()).nullish() }).nullish();
/** `on: push`, `on: [push, workflow_dispatch]`, or with details per trigger. */
const triggers = z.union([
  z.string().transform((one) => [one]),
  z.array(z.string()),
  z.looseObject({ workflow_dispatch: dispatch }),
]);
const file = z.looseObject({ on: triggers });

/** What GitHub allows, since 2025-12-04. */
const MOST_INPUTS = 25;

/**
 * Why GitHub would refuse to start this workflow with these inputs; undefined when it would not.
 * What we cannot read is no reason: GitHub has the last word.
 */
export function whyNotStartable(
  text: string,
  inputs: Readonly<Record<string, string>>,
): string | undefined {
  let read: unknown;
  try {
    read = parse(text);
  } catch {
    return undefined;
  }
  const parsed = file.safeParse(read);
  if (!parsed.success) return undefined;
  const { on } = parsed.data;
  const has = Array.isArray(on) ? on.includes('workflow_dispatch') : 'workflow_dispatch' in on;
  if (!has) return 'it cannot be started by hand: it has no `workflow_dispatch`';
  const declared = Array.isArray(on) ? {} : (on.workflow_dispatch?.inputs ?? {});
  const given = Object.keys(inputs);
  if (given.length > MOST_INPUTS) return `it would get ${given.length} inputs, and 25 are allowed`;
  const unknown = given.filter((name) => !Object.hasOwn(declared, name));
  if (unknown.length > 0) return `it has no input ${unknown.join(', ')}`;
  const missing = Object.entries(declared).flatMap(([name, one]) =>
    one?.required === true && one.default === undefined && !given.includes(name) ? [name] : [],
  );
  return missing.length === 0 ? undefined : `it needs the input ${missing.join(', ')}`;
}
