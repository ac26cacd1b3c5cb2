import { createHmac, timingSafeEqual } from 'node:crypto';

/** Header of a signed message: `t=<seconds since 1970>,v1=<hex HMAC-SHA256 of "t.body">`. */
export const SIGNATURE_HEADER = 'backout-signature';

/** The time is signed too, so that a recorded message cannot be played again later. */
export function signBody(body: string, secret: string, now: number): string {
  const t = Math.floor(now / 1000);
  return `t=${t},v1=${digest(t, body, secret)}`;
}

/**
 * For receivers. A header may carry several `v1`, while a secret is being changed.
 * @param toleranceMs how far the two clocks and the way may be apart; usually 300,000
 */
export function verifySignature(
  header: string,
  body: string,
  secret: string,
  { now, toleranceMs }: { now: number; toleranceMs: number },
): boolean {
  const parts = header.split(',').map((part) => part.trim());
  const time = parts.find((part) => /^t=\d{1,12}$/.test(part));
  if (time === undefined) return false;
  const t = Number(time.slice(2));
  if (Math.abs(now - t * 1000) > toleranceMs) return false;
  const expected = Buffer.from(digest(t, body, secret));
  return parts
    .filter((part) => part.startsWith('v1='))
    .map((part) => Buffer.from(part.slice(3)))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}

function digest(t: number, body: string, secret: string): string {
  return createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
}
