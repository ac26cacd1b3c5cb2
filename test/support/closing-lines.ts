/**
 * The last lines of a test run: what could not run, why and what to do; then one plain line that a
 * person or a program can read: `12 passed, 0 failed, 1 skipped`.
 */

import type { Reporter, TestCase, TestModule, TestRunEndReason, TestSuite } from 'vitest/node';
import { readEnvironment } from '../../src/config/environment.ts';
import { readUnavailable } from './unavailable.ts';

export interface Summary {
  lines: string[];
  /** The run must fail although no test did. */
  mustFail: boolean;
}

/** What the summary needs to know of a test. */
export interface TestOutcome {
  name: string;
  state: 'passed' | 'failed' | 'skipped' | 'pending';
  /** The reason given with a skip, or the messages of the errors. */
  texts: string[];
}

export default class ClosingLines implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly unknown[],
    reason: TestRunEndReason,
  ): void {
    const outcomes = modules.flatMap(outcomesOf);
    const { lines, mustFail } = summarise(outcomes, readEnvironment().ci);
    if (mustFail || errors.length > 0 || reason !== 'passed') process.exitCode ||= 1;
    // Other reporters, and the stopping of services, come after this call.
    process.once('exit', () => process.stdout.write(`${lines.join('\n')}\n`));
  }
}

/** @param strict where nothing may be skipped: on a build server */
export function summarise(outcomes: readonly TestOutcome[], strict: boolean): Summary {
  const reasons = new Map<string, { text: string; tests: string[] }>();
  const unexplained: string[] = [];
  for (const { name, state, texts } of outcomes) {
    if (state === 'passed') continue;
    const known = texts.flatMap((text) => readUnavailable(text) ?? []);
    if (state !== 'failed' && known.length === 0) unexplained.push(name);
    for (const { what, reason, remedy } of known) {
      const text = `Could not run: ${what}\n  why:    ${indent(reason)}\n  remedy: ${indent(remedy)}`;
      const entry = reasons.get(text) ?? { text, tests: [] };
      reasons.set(text, { text, tests: [...entry.tests, name] });
    }
  }
  const count = (...states: TestOutcome['state'][]): number =>
    outcomes.filter(({ state }) => states.includes(state)).length;
  const skipped = count('skipped', 'pending');
  const lines = [...reasons.values()].flatMap(({ text, tests }) => [
    text,
    ...tests.map((test) => `  test:   ${test}`),
  ]);
  lines.push(...unexplained.map((name) => `Skipped without a reason, which is a failure: ${name}`));
  if (strict && skipped > 0) lines.push('Skipped tests are a failure here, because CI is set.');
  if (outcomes.length === 0) lines.push('No test ran, which is a failure.');
  lines.push(`${count('passed')} passed, ${count('failed')} failed, ${skipped} skipped`);
  const mustFail = unexplained.length > 0 || (strict && skipped > 0) || outcomes.length === 0;
  return { lines, mustFail };
}

function outcomesOf(module: TestModule): TestOutcome[] {
  const broken = brokenParts(module);
  const tests = [...module.children.allTests()].map((test) => outcomeOf(test, broken));
  // An error after the tests, or a file that could not be imported, belongs to no test.
  const unseen = broken.filter(({ texts }) => !tests.some((test) => test.texts === texts));
  return [...tests, ...unseen];
}

/** Files and groups that failed outside any test: an import, a `beforeAll`. */
function brokenParts(module: TestModule): TestOutcome[] {
  return [module, ...module.children.allSuites()].flatMap((part) => {
    const errors = part.errors();
    if (errors.length === 0) return [];
    const name = part.type === 'module' ? part.relativeModuleId : nameOf(part);
    return [{ name, state: 'failed' as const, texts: messagesOf(errors) }];
  });
}

function outcomeOf(test: TestCase, broken: readonly TestOutcome[]): TestOutcome {
  const name = nameOf(test);
  const result = test.result();
  if (result.state !== 'skipped') {
    return { name, state: result.state, texts: messagesOf(result.errors) };
  }
  if (result.note !== undefined) return { name, state: 'skipped', texts: [result.note] };
  // Vitest calls it skipped when its `beforeAll` failed; nobody decided to skip it.
  const cause = broken.find((part) => name.startsWith(`${part.name} > `));
  return cause === undefined
    ? { name, state: 'skipped', texts: [] }
    : { name, state: 'failed', texts: cause.texts };
}

function nameOf(part: TestCase | TestSuite): string {
  return `${part.module.relativeModuleId} > ${part.fullName}`;
}

function messagesOf(errors: readonly { message: string }[] | undefined): string[] {
  return (errors ?? []).map(({ message }) => message);
}

function indent(text: string): string {
  return text.replaceAll('\n', '\n          ');
}
