import { BackoutError } from '../../src/model/error.ts';

/** An input that is true or false; blank is false. @throws BackoutError E_USAGE */
export function readSwitch(name: string, text = 'false'): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new BackoutError({
    code: 'E_USAGE',
    kind: 'usage',
    message: `The input ${name} must be true or false; got ${JSON.stringify(text.slice(0, 40))}.`,
    remedy: 'Write true or false, or nothing for false.',
  });
}
