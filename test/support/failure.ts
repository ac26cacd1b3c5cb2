/** What a call that must fail failed with. */

import { BackoutError } from '../../src/model/error.ts';

/** @throws {Error} when the call succeeds, or fails with anything but a BackoutError */
export async function failureOf(call: Promise<unknown>): Promise<BackoutError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof BackoutError) return error;
    throw error;
  }
  throw new Error('The call was expected to fail, and succeeded.');
}
