import type { Handler } from './answer.ts';

/** In the order in which they are tried. */
const PAYMENT_PROVIDERS = ['stripe', 'square'];

/**
 * `POST /payments/validate`: would this payment go through? Nothing is charged. The next provider
 * is asked when one fails or its breaker is open. All breakers open is a state somebody chose, so
 * the answer is "later" and not an error.
 */
export const validatePayment: Handler = async ({ snapshot, callProvider }) => {
  let failed = false;
  for (const provider of PAYMENT_PROVIDERS) {
    const outcome = await callProvider(snapshot, provider);
    if (outcome === 'done') {
      return { status: 200, body: { validated: true, deferred: false, provider }, payment: 'ok' };
    }
    if (outcome === 'failed') failed = true;
  }
  if (!failed) return { status: 200, body: { validated: false, deferred: true } };
  return { status: 502, body: { error: 'No payment provider answered.' }, payment: 'failed' };
};
