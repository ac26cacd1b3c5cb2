import { createInterface } from 'node:readline/promises';
import { BackoutError } from '../src/model/error.ts';
import { type Plan, shortHash } from '../src/model/plan.ts';
import type { Output } from './output.ts';
import { renderPlan } from './render/plan.ts';

export interface StartOptions {
  yes?: boolean;
  /** Hash of the plan that is meant, or its beginning. */
  plan?: string;
}

/**
 * A person at a terminal is shown the plan, with what else there is to know, and asked; a script says
 * --yes or names the plan it means.
 * @throws BackoutError E_CONFIRM
 */
export async function confirmStart(
  out: Output,
  plan: Plan,
  options: StartOptions,
  notice: readonly string[] = [],
): Promise<void> {
  if (options.yes === true || options.plan !== undefined) return;
  if (!out.interactive || !process.stdin.isTTY) {
    throw new BackoutError({
      code: 'E_CONFIRM',
      kind: 'usage',
      message: 'Nobody can be asked here whether to start.',
      remedy: `Add --yes, or --plan ${shortHash(plan.hash)} to carry out exactly this plan.`,
    });
  }
  out.line([renderPlan(plan), ...notice].join('\n'));
  const question =
    plan.undoes === undefined
      ? 'Start?'
      : `Bring ${plan.to ?? '?'} back, which is held, and end its hold?`;
  if (/^y(es)?$/i.test(await ask(`${question} [y/N] `))) return;
  throw new BackoutError({
    code: 'E_CONFIRM',
    kind: 'refused',
    message: 'You did not say yes.',
    remedy: 'Run the same command again when you are ready.',
  });
}

/** The answer; empty when the person leaves instead (Ctrl-C, Ctrl-D, a closed terminal). */
async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const left = new AbortController();
  terminal.once('close', () => left.abort());
  try {
    return (await terminal.question(question, { signal: left.signal })).trim();
  } catch {
    process.stderr.write('\n');
    return '';
  } finally {
    terminal.close();
  }
}
