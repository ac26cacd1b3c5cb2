import { BackoutError } from '../model/error.ts';
import type { Level } from '../model/level.ts';
import type { Plan } from '../model/plan.ts';
import { type Approval, requireApproval } from './approval.ts';
import { assess } from './assess.ts';
import { findIncident } from './incidents.ts';
import { makeSafe } from './make-safe.ts';
import type { OperationPorts, RollbackResult } from './operation-ports.ts';
import { prepareReturn } from './prepare-return.ts';
import { prepareRollback, rollBack } from './roll-back.ts';

/** A rollback as somebody asks for it where nobody can be asked back. */
export interface RollbackRequest {
  /** Undefined = the one that the assessment recommends. */
  level: Level | undefined;
  /** True: undo the last rollback, and return to what it left. */
  forward: boolean;
  /** Undefined = the last known good. */
  to: string | undefined;
  /** What is RED about `to` and accepted, by code. */
  accepted: readonly string[];
  /** Undefined = the one open incident, or a new one. */
  incident: string | undefined;
  actor: string;
  reason: string;
  /** True when the reason was made up for want of one: that of an open incident is better. */
  reasonIsDefault: boolean;
  policy: Approval['policy'];
  dryRun: boolean;
}

export type RequestedRollback =
  | { kind: 'planned'; plan: Plan }
  | { kind: 'executed'; result: RollbackResult };

/**
 * Everything from a request to its result: which level, which release, whether a second person has
 * to agree, which incident. Shows the plan with `observe` before it begins.
 * @throws BackoutError every refusal of planning and approving, with nothing changed
 */
export async function requestRollback(
  ports: OperationPorts,
  request: RollbackRequest,
  onPlan: (plan: Plan) => void,
): Promise<RequestedRollback> {
  const { actor, dryRun, to, forward } = request;
  const level = forward ? 'application' : (request.level ?? (await recommendedLevel(ports)));
  const common = {
    actor,
    rule: 'manual',
    reason: request.reason,
    ...(request.incident === undefined ? {} : { incident: request.incident }),
  };
  if (level === 'flags' && !dryRun) {
    return { kind: 'executed', result: await makeSafe(ports, common) };
  }
  const prepared = forward
    ? await prepareReturn(ports, request.incident)
    : await prepareRollback(ports, level, to, request.accepted);
  onPlan(prepared.plan);
  if (dryRun) return { kind: 'planned', plan: prepared.plan };
  const { policy } = request;
  requireApproval(prepared.assessment, prepared.plan, { policy, actor, approvedBy: undefined });
  const found = await findIncident(ports, request.incident);
  const result = await rollBack(ports, prepared, {
    ...common,
    ...(request.reasonIsDefault && found !== undefined ? { reason: found.reason } : {}),
  });
  return { kind: 'executed', result };
}

async function recommendedLevel(ports: OperationPorts): Promise<Level> {
  const { recommended } = await assess(ports, 'report');
  if (recommended.level !== undefined) return recommended.level;
  throw new BackoutError({
    code: 'E_LEVEL',
    kind: 'usage',
    message: `No level was named, and none is recommended: ${recommended.why}`,
    remedy: 'Name a level if you want a rollback all the same: flags or application.',
  });
}
