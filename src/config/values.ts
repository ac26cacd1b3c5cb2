/** The scalar values that `backout.yml` is made of: durations, percentages, names, references. */
import * as z from 'zod';

/** What a value of `backout.yml` turned out to be wrong with, and what to write instead. */
export interface Complaint {
  message: string;
  remedy: string;
}

/**
 * A complaint as one text, which is all that a schema's error can carry: what is wrong on the first
 * line, what to do on the second. `splitComplaint` takes it apart again.
 */
export function joinComplaint(complaint: Complaint): string {
  return `${complaint.message}\n${complaint.remedy}`;
}

export function splitComplaint(joined: string): Complaint {
  const [message = joined, remedy = ''] = joined.split('\n');
  return { message, remedy };
}

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Biggest unit first, each at most once: `1h30m`, `2m`, `250ms`. */
export const DURATION_PATTERN = '^(?=\\d)(\\d+d)?(\\d+h)?(\\d+m(?!s))?(\\d+s)?(\\d+ms)?$';
const DURATION = new RegExp(DURATION_PATTERN);
const DAY = UNIT_MS.d;

/** Milliseconds of `1h30m`, or undefined when the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  const parts = DURATION.exec(text)?.slice(1);
  if (parts === undefined) return undefined;
  const units = [UNIT_MS.d, UNIT_MS.h, UNIT_MS.m, UNIT_MS.s, UNIT_MS.ms];
  return units.reduce((sum, unit, at) => sum + unit * Number.parseInt(parts[at] ?? '0', 10), 0);
}

/** The shortest way to write a number of milliseconds as this file accepts it: 90000 → `1m30s`. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms);
  let text = '';
  for (const [unit, size] of Object.entries(UNIT_MS)) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text === '' ? '0s' : text;
}

/** 0.05 of `5%`, or undefined when the text is not a percentage from 0 to 100. */
export function parsePercent(text: string): number | undefined {
  if (!PERCENT.test(text)) return undefined;
  const value = Number.parseFloat(text);
  // 99.9 / 100 is 0.9990000000000001: keep the digits that were written.
  return value > 100 ? undefined : Number((value / 100).toPrecision(12));
}

export const PERCENT_PATTERN = '^\\d{1,3}(\\.\\d+)?%$';
const PERCENT = new RegExp(PERCENT_PATTERN);

/** Adds a complaint to the result of the schema that is being checked. */
function complain(context: z.core.$RefinementCtx, complaint: Complaint): void {
  context.addIssue({ code: 'custom', message: joinComplaint(complaint) });
}

/** A text with a rule of its own: `fault` says what is wrong with a value, if anything is. */
export function checkedText(
  pattern: string | undefined,
  fault: (value: string) => Complaint | undefined,
) {
  const base = pattern === undefined ? z.string() : z.string().meta({ pattern });
  return base.superRefine((value, context) => {
    const complaint = fault(value);
    if (complaint !== undefined) complain(context, complaint);
  });
}

/**
 * A duration with its unit, in milliseconds once parsed. At most `max` milliseconds (default: a
 * day), because every wait of Backout has to end.
 */
export function duration(limits: { min?: number; max?: number } = {}) {
  const { min = 1, max = DAY } = limits;
  return checkedText(DURATION_PATTERN, (value) => durationFault(value, min, max)).transform(
    (value) => parseDuration(value) ?? 0,
  );
}

function durationFault(value: string, min: number, max: number): Complaint | undefined {
  const ms = parseDuration(value);
  if (ms === undefined) {
    return {
      message: `"${value}" is not a duration`,
      remedy: 'Write a whole number with its unit: "250ms", "30s", "10m", "1h30m" or "2d".',
    };
  }
  if (ms >= min && ms <= max) return undefined;
  return {
    message: `"${value}" is outside ${formatDuration(min)} to ${formatDuration(max)}`,
    remedy: `Choose a duration from "${formatDuration(min)}" to "${formatDuration(max)}".`,
  };
}

/** A percentage such as `"5%"`; 0..1 once parsed. */
export function percent() {
  return checkedText(PERCENT_PATTERN, (value) =>
    parsePercent(value) === undefined
      ? {
          message: `"${value}" is not a percentage`,
          remedy: 'Write a number from 0 to 100 with a percent sign, such as "5%" or "99.9%".',
        }
      : undefined,
  ).transform((value) => parsePercent(value) ?? 0);
}

/** What a threshold is compared with: `"5%"` → 0.05, `"1000ms"` → 1000 (milliseconds), `10` → 10. */
export function measure() {
  const written = checkedText(undefined, (value) =>
    parsePercent(value) === undefined && parseDuration(value) === undefined
      ? {
          message: `"${value}" is neither a percentage, nor a duration, nor a number`,
          remedy: 'Write a share as "5%", a time as "1000ms", a count as a bare number.',
        }
      : undefined,
  ).transform((value) => parsePercent(value) ?? parseDuration(value) ?? 0);
  return z.union([z.number().min(0), written]);
}

/** How a secret is named in `backout.yml`; the value itself never stands there. */
export const REFERENCE_PATTERN = '^(env:[A-Za-z_][A-Za-z0-9_]*|ssm:/[A-Za-z0-9_./{}-]+)$';
const REFERENCE = new RegExp(REFERENCE_PATTERN);

export function isReference(value: string): boolean {
  return REFERENCE.test(value);
}

/** A secret or an address, named and not written: `env:NAME` or `ssm:/path`. */
export function reference() {
  return checkedText(REFERENCE_PATTERN, (value) =>
    isReference(value)
      ? undefined
      : {
          // The value may be the secret itself: it must not be repeated in a message.
          message: 'a reference is expected here, and this is not one',
          remedy:
            'Put the value into an environment variable or the parameter store and write "env:NAME" or "ssm:/path".',
        },
  );
}

/** Room that Postgres leaves for a name; the strictest of the stores a name ends up in. */
const NAME_BYTES = 63;
const NAME_PATTERN = `^[A-Za-z][A-Za-z0-9_.-]{0,${NAME_BYTES - 1}}$`;
const NAME = new RegExp(NAME_PATTERN);

/** Why a name cannot be used, if so. Names become keys, parameters, files and log fields. */
export function nameFault(name: string): Complaint | undefined {
  const remedy =
    'Use letters, digits, "_", "-" and "."; start with a letter; at most 63 characters.';
  const bytes = Buffer.byteLength(name);
  if (bytes > NAME_BYTES) {
    return {
      message: `the name "${name.slice(0, 20)}…" has ${bytes} bytes of ${NAME_BYTES}`,
      remedy,
    };
  }
  const forbidden = /[^A-Za-z0-9_.-]/u.exec(name)?.[0];
  if (forbidden !== undefined) {
    return { message: `the name "${name}" contains ${JSON.stringify(forbidden)}`, remedy };
  }
  if (!NAME.test(name))
    return { message: `the name "${name}" does not start with a letter`, remedy };
  // Looked up in an object, such a name would find what every object has.
  if (name in {})
    return { message: `the name "${name}" is reserved`, remedy: 'Choose another name.' };
  return undefined;
}

// Schemas never change, so that those used most are made once: making the hundreds that the file
// consists of is a good part of what starting costs.
const IDENTIFIER = checkedText(NAME_PATTERN, nameFault);
const WORDS = z.string().min(1);

/** A name of our own or of something else in this file. */
export function identifier() {
  return IDENTIFIER;
}

/** Things by name. Names are checked together with everything that refers to them. */
export function named<T extends z.ZodType>(value: T) {
  return z.record(identifier(), value);
}

/** A text that may not be empty. */
export function words() {
  return WORDS;
}

/** A program with its arguments. No shell reads it, so quoting is never needed. */
/** A repository on GitHub: `acme/storefront`. */
export function ownerAndName() {
  return checkedText('^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$', (value) =>
    /^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/.test(value)
      ? undefined
      : { message: `"${value}" is not owner/name`, remedy: 'Write it as "acme/storefront".' },
  );
}

export function argv() {
  return z.array(words()).min(1).max(100);
}

/** The only environments a thing exists in. */
export function onlyIn() {
  return z
    .array(identifier())
    .min(1)
    .optional()
    .describe('The only environments this exists in. Left out: in all of them.');
}
