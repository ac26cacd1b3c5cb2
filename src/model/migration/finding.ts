import type { Statement } from './change.ts';

/**
 * What a statement means for the old release's code, from harmless to harmful:
 * additive (it does not know the new thing), compatible (it goes on working), needs-a-human (nobody
 * can tell from the statement), breaking (some of what it does fails, or means something else).
 */
export const KINDS = ['additive', 'compatible', 'needs-a-human', 'breaking'] as const;
export type Kind = (typeof KINDS)[number];

/** What the rules say about one change. */
export interface Judgement {
  kind: Kind;
  /** A sentence for the person who decides. */
  why: string;
  /** What is worth a look although the statement is safe. */
  caution?: string;
}

export interface Finding extends Judgement {
  /** From the root of the repository. */
  file: string;
  line: number;
  statement: string;
}

export const additive = (why: string): Judgement => ({ kind: 'additive', why });
export const compatible = (why: string): Judgement => ({ kind: 'compatible', why });
export const breaking = (why: string): Judgement => ({ kind: 'breaking', why });
export const askHuman = (why: string): Judgement => ({ kind: 'needs-a-human', why });

/** The same with a caution; the safe kinds only, the others already ask for a look. */
export function withCaution(judgement: Judgement, caution: string | undefined): Judgement {
  return caution === undefined ? judgement : { ...judgement, caution };
}

export const isSafe = (kind: Kind): boolean => kind === 'additive' || kind === 'compatible';

/** The more harmful of two. */
export function worstOf(kinds: readonly Kind[]): Kind {
  return KINDS[Math.max(0, ...kinds.map((kind) => KINDS.indexOf(kind)))] ?? 'breaking';
}

/** Several judgements of one statement: the worst counts, and everything of that kind is said. */
export function combine(judgements: readonly Judgement[]): Judgement {
  const kind = worstOf(judgements.map((one) => one.kind));
  const reasons = judgements.filter((one) => one.kind === kind).map(({ why }) => why);
  const cautions = judgements.flatMap(({ caution }) => caution ?? []);
  const why = [...new Set(reasons)].join(' ') || 'It does nothing.';
  return withCaution(
    { kind, why },
    cautions.length === 0 ? undefined : [...new Set(cautions)].join(' '),
  );
}

export function findingOf(file: string, statement: Statement, judgement: Judgement): Finding {
  return { file, line: statement.line, statement: statement.text, ...judgement };
}
