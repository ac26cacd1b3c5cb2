import { BackoutError } from '../../src/model/error.ts';

/** @throws BackoutError E_USAGE when an input that is needed was left blank */
export function requireInput(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new BackoutError({
    code: 'E_USAGE',
    kind: 'usage',
    message: `The input ${name} is blank.`,
    remedy: `Write ${name}: in the step's "with".`,
  });
}
