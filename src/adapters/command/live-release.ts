import * as z from 'zod';
import { isTagFormat } from '../../model/release.ts';
import type { LiveRelease, TargetChange } from '../../ports/target.ts';

/**
 * What the `current` program says of the last change, beside the tag: JSON with `by`, `how` and
 * `at`. What is not a text, or not a time, is as if it were not there: it must not keep anybody
 * from knowing the release.
 */
const changeSchema = z.object({
  by: z.string().trim().min(1).optional().catch(undefined),
  how: z.string().trim().min(1).optional().catch(undefined),
  at: z
    .string()
    .transform((text) => new Date(text))
    .refine((at) => !Number.isNaN(at.getTime()))
    .transform((at) => at.toISOString())
    .optional()
    .catch(undefined),
});

/** Undefined when the program says nothing of it. */
export function parseLastChange(output: string): TargetChange | undefined {
  let value: unknown;
  try {
    value = JSON.parse(output.trim());
  } catch {
    return undefined;
  }
  const { by, how, at } = changeSchema.safeParse(value).data ?? {};
  const known = {
    ...(by === undefined ? {} : { by }),
    ...(how === undefined ? {} : { how }),
    ...(at === undefined ? {} : { at }),
  };
  return Object.keys(known).length === 0 ? undefined : known;
}

/** Members that we do not know are somebody's own business. */
const answerSchema = z.object({
  tag: z.string(),
  commit: z
    .string()
    .regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'has to be the full commit, 40 digits')
    .optional(),
});

/**
 * What the `current` program said: a tag alone on one line, or JSON `{"tag", "commit"}`. Anything
 * else is "cannot tell": of several lines we would have to guess which one is meant, and a warning
 * taken for a release ends in the wrong rollback.
 */
export function parseLiveRelease(output: string, program: string): LiveRelease {
  const text = output.trim();
  const detail = `as ${program} says`;
  if (text.startsWith('{')) return parseJson(text, program, detail);
  if (isTagFormat(text)) return { known: true, tag: text, detail };
  return {
    known: false,
    problem:
      text === ''
        ? `${program} printed nothing`
        : `${program} printed neither a tag alone on one line nor JSON: ${excerpt(text)}`,
  };
}

function parseJson(text: string, program: string, detail: string): LiveRelease {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { known: false, problem: `${program} printed broken JSON: ${excerpt(text)}` };
  }
  const parsed = answerSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') || 'it';
    return {
      known: false,
      problem: `${program} printed JSON that is not {"tag", "commit"}: ${where} ${issue?.message ?? ''}`,
    };
  }
  const { tag, commit } = parsed.data;
  if (!isTagFormat(tag)) {
    return { known: false, problem: `${program} printed a tag that is none: ${excerpt(tag)}` };
  }
  return { known: true, tag, detail, ...(commit === undefined ? {} : { commit }) };
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
