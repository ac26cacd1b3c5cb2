/** Everything that is wrong with a configuration, in one error. */
import { BackoutError } from '../model/error.ts';

export interface ConfigProblem {
  /** Where in the configuration: `environments.production.reach`, `rules.slow.page[1]`. */
  path: string;
  /** First line and first column are 1. */
  line: number;
  column: number;
  message: string;
  remedy: string;
}

/** The configuration cannot be used. `problems` is sorted by line and never empty. */
export class ConfigError extends BackoutError {
  readonly file: string;
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[], cause?: unknown) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super({
      code: 'E_CONFIG',
      kind: 'usage',
      message: `${file} has ${count}.`,
      remedy: 'Mend the lines named, then run "backout check".',
      ...(cause === undefined ? {} : { cause }),
    });
    this.name = 'ConfigError';
    this.file = file;
    this.problems = problems;
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), file: this.file, problems: this.problems };
  }
}

/** One line per problem for a person: `backout.yml:14:5  rules.slow.page[1]: … → …`. */
export function describeProblems(error: ConfigError): string[] {
  return error.problems.map((one) => {
    const place = one.path === '' ? '' : `${one.path}: `;
    return `${error.file}:${one.line}:${one.column}  ${place}${one.message}. ${one.remedy}`;
  });
}

export type Path = readonly (string | number)[];

/** `['rules', 'slow', 'page', 1]` → `rules.slow.page[1]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}
