/**  rollback from C to B, and what it leaves in the world. */

import type { OperationPorts, RollbackResult } from '../../src/operations/operation-ports.ts';
import { prepareRollback, rollBack } from '../../src/operations/roll-back.ts';
import { B, C, REQUEST, type Site } from '../support/memory-ports.ts';

/** After a rollback from C to B that went as it should. */
export const ROLLED_BACK = {
  live: B.tag,
  deploys: 1,
  overrides: ['safe'],
  open: ['stripe', 'mailer'],
  held: [C.tag],
};
export const UNTOUCHED = { live: C.tag, deploys: 0, overrides: [], open: [], held: [] };

export async function roll(
  site: Site,
  more: Partial<OperationPorts> = {},
): Promise<RollbackResult> {
  const ports = { ...site.ports, ...more };
  const work = async () =>
    await rollBack(ports, await prepareRollback(ports, 'application', undefined), REQUEST);
  return await site.clock.run(work());
}
