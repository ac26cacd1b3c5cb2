/** Says in plain words what a schema found wrong, and what to write instead. */
import * as z from 'zod';
import type { Path } from './problems.ts';
import { suggest } from './suggest.ts';
import { DURATION_PATTERN, type Complaint, PERCENT_PATTERN, REFERENCE_PATTERN } from './values.ts';
import { joinComplaint, splitComplaint } from './values.ts';

/** A problem whose place in the text is not known yet. */
export interface Finding extends Complaint {
  path: Path;
  /** What is wrong is the key itself and not what stands under it. */
  at?: 'key';
}

/** Checks a value and returns what it parses to, or everything that its shape has wrong. */
export function checkShape<T extends z.ZodType>(
  schema: T,
  value: unknown,
): { ok: true; value: z.output<T> } | { ok: false; findings: Finding[] } {
  const result = schema.safeParse(value, {
    error: (issue) => joinComplaint(explain(issue)),
  });
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, findings: result.error.issues.flatMap((issue) => unfold(issue, [])) };
}

/** One finding per unknown key, and those of the one alternative that was meant. */
function unfold(issue: z.core.$ZodIssue, parent: Path): Finding[] {
  const path = [...parent, ...issue.path.map((part) => (typeof part === 'symbol' ? '' : part))];
  if (issue.code === 'unrecognized_keys') {
    const complaints = issue.message.split('\n\n').map(splitComplaint);
    return issue.keys.map((key, at) => ({
      path: [...path, key],
      at: 'key',
      ...(complaints[at] ?? { message: `"${key}" is not known here`, remedy: 'Remove it.' }),
    }));
  }
  if (issue.code === 'invalid_key' && issue.issues[0] !== undefined) {
    return [{ path, at: 'key', ...splitComplaint(issue.issues[0].message) }];
  }
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((branch) => branch.every(isInside));
    if (meant !== undefined) return meant.flatMap((inner) => unfold(inner, path));
  }
  return [{ path, ...splitComplaint(issue.message) }];
}

/** True when the value is of the right kind for a branch and only something in it is wrong. */
function isInside(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0) return true;
  return issue.code !== 'invalid_type' && issue.code !== 'invalid_value';
}

function explain(issue: z.core.$ZodRawIssue): Complaint {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? missing(issue.inst) : wrongType(issue);
    case 'invalid_value':
      return issue.input === undefined
        ? missing(issue.inst, issue.values)
        : notOneOf(issue.input, issue.values, issue.path);
    case 'invalid_union':
      return explainUnion(issue);
    case 'unrecognized_keys':
      return unknownKeys(issue.keys, issue.inst);
    case 'too_small':
      return outside(issue.origin, 'at least', issue.minimum, issue.input);
    case 'too_big':
      return outside(issue.origin, 'at most', issue.maximum, issue.input);
    case 'invalid_format':
      return {
        message: `${show(issue.input)} is not ${issue.format === 'url' ? 'an address' : 'written as expected'}`,
        remedy:
          issue.format === 'url'
            ? 'Write a whole address, starting with https:// or http://.'
            : `It has to match ${String(issue.pattern)}.`,
      };
    // Said by the schema itself, or taken apart by unfold.
    case 'custom':
    case 'invalid_key':
    case 'invalid_element':
    case 'not_multiple_of':
    default:
      return {
        message: `${show(issue.input)} is not valid here`,
        remedy: 'See docs/configuration.md.',
      };
  }
}

const KINDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a block of keys',
  record: 'a block of keys',
  null: 'null',
};

function kindName(kind: string): string {
  return KINDS[kind] ?? kind;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return kindName(typeof value);
}

/** A value as it may be repeated in a message: short, and only if it is a plain scalar. */
function show(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    return kindOf(value);
  }
  const text = String(value);
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** What a text schema accepts, told from the pattern that it was declared with. */
function exampleFor(inst: unknown): string | undefined {
  const pattern = inst instanceof z.ZodType ? inst.meta()?.pattern : undefined;
  switch (pattern) {
    case DURATION_PATTERN:
      return 'a duration with its unit, such as "30s", "10m" or "1h30m"';
    case PERCENT_PATTERN:
      return 'a percentage, such as "5%"';
    case REFERENCE_PATTERN:
      return 'a reference, "env:NAME" or "ssm:/path"';
    default:
      return undefined;
  }
}

function missing(inst: unknown, values?: readonly unknown[]): Complaint {
  const wanted =
    exampleFor(inst) ??
    (values === undefined ? undefined : `one of: ${values.map(String).join(', ')}`);
  const meaning = inst instanceof z.ZodType ? inst.description : undefined;
  const remedy = [wanted === undefined ? 'Add it.' : `Add it: ${wanted}.`, meaning];
  return { message: 'is missing', remedy: remedy.filter(Boolean).join(' ') };
}

function wrongType(issue: Extract<z.core.$ZodRawIssue, { code: 'invalid_type' }>): Complaint {
  const example = exampleFor(issue.inst);
  const expected = example ?? kindName(issue.expected);
  const scalar = typeof issue.input === 'number' || typeof issue.input === 'boolean';
  const message = scalar
    ? `expected ${kindName(issue.expected)}, found ${kindOf(issue.input)}: ${String(issue.input)}`
    : `expected ${kindName(issue.expected)}, found ${kindOf(issue.input)}`;
  if (issue.expected === 'string' && scalar && example === undefined) {
    return { message, remedy: `Put it in quotes: "${String(issue.input)}".` };
  }
  return { message, remedy: `Write ${expected}.` };
}

function notOneOf(input: unknown, values: readonly unknown[], path: readonly PropertyKey[] = []) {
  const known = values.map(String);
  const close = typeof input === 'string' ? suggest(input, known) : undefined;
  const list = known.join(', ');
  const message =
    known.length === 1 ? `${show(input)} is not ${list}` : `${show(input)} is not one of: ${list}`;
  if (input === 'database' && path.at(-1) === 'automatic') {
    return {
      message: 'the database is never rolled back automatically',
      remedy:
        'Write "application" here; a person starts the rest with "backout rollback database".',
    };
  }
  if (path.at(-1) === 'flags' && path.at(-2) === 'approval') {
    return {
      message: 'going to the safe state waits for nobody',
      remedy: 'Write "never", or leave it out.',
    };
  }
  return { message, remedy: close === undefined ? `Write ${list}.` : `Did you mean "${close}"?` };
}

function explainUnion(issue: Extract<z.core.$ZodRawIssue, { code: 'invalid_union' }>): Complaint {
  const { discriminator, errors } = issue;
  if (typeof discriminator === 'string') {
    const options = z.array(z.string()).catch([]).parse(issue.options);
    const chosen: unknown =
      typeof issue.input === 'object' && issue.input !== null
        ? Reflect.get(issue.input, discriminator)
        : undefined;
    if (chosen === undefined) return missing(undefined, options);
    return notOneOf(chosen, options);
  }
  const expected = new Set(errors.flatMap((branch) => branch.slice(0, 1).map(expectation)));
  return {
    message: `${show(issue.input)} is not valid here`,
    remedy: `Write ${[...expected].join(', or ')}.`,
  };
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return kindName(issue.expected);
  if (issue.code === 'invalid_value') return issue.values.map((one) => show(one)).join(' or ');
  return splitComplaint(issue.message).message;
}

function unknownKeys(keys: readonly string[], inst: unknown): Complaint {
  const known = inst instanceof z.ZodObject ? Object.keys(inst.shape) : [];
  const complaints = keys.map((key) => {
    const close = suggest(key, known);
    const list = known.length > 12 ? 'See docs/configuration.md.' : `Known: ${known.join(', ')}.`;
    const remedy =
      key === '<<'
        ? 'Merge keys are not read; write the keys out.'
        : close === undefined
          ? `Remove it. ${list}`
          : `Did you mean "${close}"?`;
    return joinComplaint({ message: `"${key}" is not known here`, remedy });
  });
  // Several keys in one text: a blank line between them, taken apart by unfold.
  const [message = '', ...rest] = complaints.join('\n\n').split('\n');
  return { message, remedy: rest.join('\n') };
}

function outside(origin: string, bound: string, limit: unknown, input: unknown): Complaint {
  const what = origin === 'string' ? 'characters' : origin === 'array' ? 'entries' : '';
  if (origin === 'string' && input === '') {
    return { message: 'is empty', remedy: 'Write a text, or leave the key out.' };
  }
  const value = origin === 'array' || origin === 'string' ? kindOf(input) : show(input);
  return {
    message: `${value} is out of range`,
    remedy: `Write ${bound} ${String(limit)}${what === '' ? '' : ` ${what}`}.`,
  };
}
