/** Feature flags by group, and the value each of them takes in an emergency. */
import * as z from 'zod';
import { duration, identifier, named, words } from '../values.ts';

const value = z.union([z.boolean(), z.number(), z.string()]);

const flag = z.strictObject({
  default: value.describe(
    'Base value where none is stored yet, and what the application falls back to.',
  ),
  safe: value
    .optional()
    .describe('Value in an emergency. Same type as the default. Give this or leave_alone.'),
  leave_alone: words()
    .optional()
    .describe('Reason why this flag has no safe value. Backout then never touches it.'),
  description: words().optional().describe('What the flag does, for the person who reads "off".'),
  canary: z
    .boolean()
    .default(false)
    .describe(
      'True for the one flag that may be switched at any time to test the way. Default: false',
    ),
  parameter: words()
    .optional()
    .describe(
      'Full name of its parameter, for layout parameter-per-flag. Default: path + flag name',
    ),
});

const group = z.strictObject({
  description: words().optional().describe('What the flags of this group have in common.'),
  layout: z
    .enum(['auto', 'document', 'parameter-per-flag', 'file'])
    .default('auto')
    .describe(
      'How base values are stored. "auto": file where the state is embedded, else one document per group. Default: auto',
    ),
  parameter_path: words()
    .optional()
    .describe(
      'Path of existing parameters, for layout parameter-per-flag. May contain {environment}.',
    ),
  flags: named(flag).describe('The flags of the group, by name.'),
});

export const flags = z.strictObject({
  poll_every: duration({ min: 250, max: 60_000 })
    .prefault('2s')
    .describe('How often an application looks for changes. Default: 2s'),
  acknowledge_within: duration({ max: 300_000 })
    .prefault('10s')
    .describe('Time for every running instance to say that it applied a change. Default: 10s'),
  groups: named(group).default({}).describe('Groups of flags, by name.'),
});

/** Either every group or provider, or those listed. */
export function selection(what: string, item: z.ZodType<string, string> = identifier()) {
  return z
    .union([z.enum(['all', 'none']), z.array(item).min(1)])
    .describe(`${what}: "all", "none", or a list of names.`);
}
