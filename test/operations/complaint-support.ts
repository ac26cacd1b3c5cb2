/** A service whose users complain, over memory ports. */

import { configSchema } from '../../src/config/schema.ts';
import { complaintRulesOf } from '../../src/config/select.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import {
  type ComplaintAnswer,
  type ComplaintReport,
  reportComplaint,
} from '../../src/operations/report-complaint.ts';
import type { Site } from '../support/memory-ports.ts';

/** As `backout.yml` has them when nothing is written there. */
export const RULES = complaintRulesOf(configSchema.parse({ service: 'shop', environments: {} }));
/** What must never leave the journal. */
export const SECRET = 'call me, Jane Doe, on 555 0100';

type More = Partial<ComplaintReport> & { ports?: Partial<OperationPorts> };

/** One complaint, now. */
export async function report(
  { ports, clock }: Site,
  { ports: other = {}, ...more }: More = {},
): Promise<ComplaintAnswer> {
  const complaint = { actor: 'kim', at: clock.now(), ...more };
  return await clock.run(reportComplaint({ ...ports, ...other }, complaint, RULES));
}

/** So many complaints, a second apart; the answer to the last. */
export async function reportMany(
  site: Site,
  count: number,
  more: More = {},
): Promise<ComplaintAnswer> {
  for (let index = 1; index < count; index += 1) {
    await report(site, more);
    await site.clock.advance(1_000);
  }
  return await report(site, more);
}

/** Codes of the messages in the order in which they were sent. */
export const codesOf = ({ messenger }: Site): string[] => messenger.sent.map(({ code }) => code);
