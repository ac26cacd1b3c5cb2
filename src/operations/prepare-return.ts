/** Undoing a rollback: which one, and whether what it left can go live again. */

import { BackoutError } from '../model/error.ts';
import { foldSteps } from '../model/execution.ts';
import { isMaintenance } from '../model/incident.ts';
import type { Plan } from '../model/plan.ts';
import { tagNotFound } from '../model/nearest.ts';
import { detailsOf } from '../model/release.ts';
import { tagMoved } from '../model/release-rules.ts';
import type { ReleaseRef } from '../ports/target.ts';
import { type Assessment, assess } from './assess.ts';
import { findIncident } from './incidents.ts';
import { endedWell, leftBy, listMoves, type Move } from './last-move.ts';
import { agreedRelease, mixedParts } from './live-state.ts';
import type { OperationPorts } from './operation-ports.ts';
import { planReturn } from './plan-return.ts';
import { isPartly } from './recommend.ts';
import type { PreparedRollback } from './roll-back.ts';
import { unfinished } from './unfinished.ts';

/**
 * Looks for the newest rollback that was carried out, whole or in part, and makes the plan that
 * returns to what it left. The newest of all incidents, open or closed: an incident that somebody
 * forgot to close must not bring back what an older rollback left. Changes nothing.
 * @param named the incident in which to look; left out: all
 * @throws BackoutError E_NOTHING_TO_UNDO, E_UNFINISHED, E_NOT_LIVE, E_LIVE_UNKNOWN, E_ALREADY_LIVE,
 * E_TAG_MOVED, E_ARTEFACT_MISSING (refused), E_TAG_NOT_FOUND (usage)
 */
export async function prepareReturn(
  ports: OperationPorts,
  named: string | undefined,
): Promise<PreparedRollback> {
  const move = await findUndoable(ports, named);
  const { plan } = move.begun;
  const to = goalOf(move);
  const assessment = await assess(ports, 'plan', to.tag);
  requireStillThere(assessment, plan, to);
  requireDeployable(ports, assessment, to);
  const way = {
    from: backTo(assessment, plan),
    parts: mixedParts(assessment.targets),
    to,
    recorded: detailsOf(assessment.releases, to.tag),
  };
  const undoes = { incident: move.incident, execution: move.begun.id };
  const level = 'application';
  return { level, assessment, plan: planReturn(ports.facts, way, undoes), named: false };
}

async function findUndoable(ports: OperationPorts, named: string | undefined): Promise<Move> {
  const found = named === undefined ? undefined : await findIncident(ports, named);
  const incidents = found === undefined ? await ports.journal.incidents(ports.scope) : [found];
  const moves = await listMoves(
    ports,
    incidents.filter((one) => !isMaintenance(one)),
  );
  const move = moves.find(mayHaveDeployed);
  if (move === undefined) {
    const where = named === undefined ? '' : ` in incident ${named}`;
    throw nothingToUndo(`No rollback was carried out${where}.`);
  }
  const { plan } = move.begun;
  if (plan.undoes === undefined) return move;
  const assessment = await assess(ports, 'plan', plan.to);
  const to = plan.to ?? '?';
  const isOpen = !endedWell(move.begun) && !move.begun.ends.includes('failed');
  if (isOpen || isPartly(assessment.targets, to)) {
    throw unfinished(move.incident, plan, 'was interrupted and is not finished');
  }
  throw nothingToUndo(`The last rollback was undone already, by the return to ${to}.`);
}

/** What ended before it touched a target moved nothing: the one before it is what counts. */
function mayHaveDeployed({ begun: { id, plan }, entries }: Move): boolean {
  const records = foldSteps(plan, id, entries);
  return plan.steps.some(({ id: step, action }) => {
    const record = records.get(step);
    if (action.kind !== 'deploy' || record === undefined || record.state === 'pending')
      return false;
    return record.state === 'interrupted' || record.result.outcome !== 'not-run';
  });
}

/** The release that it left, with the commit that it had then. */
function goalOf({ begun: { plan } }: Move): ReleaseRef {
  const left = leftBy(plan);
  if (left === undefined) {
    throw nothingToUndo(`What was live before the rollback to ${plan.to ?? '?'} was not known.`);
  }
  const others = new Set(Object.values(plan.from_parts ?? {}).filter((tag) => tag !== plan.to));
  if (others.size <= 1) return left;
  const parts = Object.entries(plan.from_parts ?? {}).map(([name, tag]) => `${name} ran ${tag}`);
  throw nothingToUndo(
    `Before the rollback to ${plan.to ?? '?'} the targets ran different releases: ${parts.join(', ')}.`,
  );
}

/** What is live has to be what the rollback brought: else somebody deployed since. */
function requireStillThere({ targets }: Assessment, undone: Plan, to: ReleaseRef): void {
  const state = 'Nothing was changed.';
  for (const { name, live } of targets) {
    if (!live.known) {
      throw new BackoutError({
        code: 'E_LIVE_UNKNOWN',
        kind: 'refused',
        message: `${name} does not say what is live (${live.problem}): somebody may have deployed since.`,
        state,
        remedy: 'Repair what tells what is live, and ask again: a return is no emergency.',
      });
    }
    if (live.tag === undone.to || live.tag === to.tag) continue;
    throw new BackoutError({
      code: 'E_NOT_LIVE',
      kind: 'refused',
      message: `${live.tag} is live on ${name}, and not ${undone.to ?? '?'}, which the rollback brought: somebody deployed since.`,
      state,
      remedy: `Ask who deployed ${live.tag}. To have ${to.tag} all the same, end its hold, \`backout release unhold ${to.tag} --reason "…"\`, and deploy it the usual way.`,
    });
  }
  if (agreedRelease(targets) !== to.tag) return;
  throw new BackoutError({
    code: 'E_ALREADY_LIVE',
    kind: 'refused',
    message: `${to.tag} is live already.`,
    state,
    remedy: `If it is still held, end that: \`backout release unhold ${to.tag} --reason "…"\`.`,
  });
}

/** @throws BackoutError E_TAG_NOT_FOUND, E_TAG_MOVED, E_ARTEFACT_MISSING */
function requireDeployable(
  { scope }: OperationPorts,
  assessment: Assessment,
  to: ReleaseRef,
): void {
  const { tags, candidates } = assessment;
  const tag = tags.find(({ name }) => name === to.tag);
  if (tag === undefined) {
    throw tagNotFound(
      to.tag,
      tags.map(({ name }) => name),
    );
  }
  if (tag.commit !== to.commit) throw tagMoved(scope, to.tag, to.commit, tag.commit);
  const { reasons = [] } = candidates.find((one) => one.tag === to.tag) ?? {};
  const missing = reasons.find(
    ({ code }) => code === 'artefact-missing' || code === 'artefact-mismatch',
  );
  if (missing === undefined) return;
  throw new BackoutError({
    code: 'E_ARTEFACT_MISSING',
    kind: 'refused',
    message: `${to.tag} cannot go live again: ${missing.text}.`,
    state: 'Nothing was changed.',
    remedy: 'Build it again, or deploy a newer release the usual way.',
  });
}

/** What is left by the return: the good release that the rollback brought. */
function backTo({ tags }: Assessment, { to }: Plan): ReleaseRef | undefined {
  const tag = tags.find(({ name }) => name === to);
  return tag === undefined ? undefined : { tag: tag.name, commit: tag.commit };
}

function nothingToUndo(message: string): BackoutError {
  return new BackoutError({
    code: 'E_NOTHING_TO_UNDO',
    kind: 'refused',
    message,
    state: 'Nothing was changed.',
    remedy: 'See what was done with `backout incident show`; deploy what you want the usual way.',
  });
}
