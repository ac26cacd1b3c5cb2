/** Undoing a rollback: which one, and whether what it left can go live again. */

import { BackoutError } from '../model/error.ts';
import { foldSteps } from '../model/execution.ts';
import { isMaintenance } from '../model/incident.ts';
import { tagNotFound } from '../model/nearest.ts';
import { describeOther, runsRelease } from '../model/live.ts';
import { detailsOf, heldBy, type Release } from '../model/release.ts';
import { tagMoved } from '../model/release-rules.ts';
import type { ReleaseRef } from '../ports/target.ts';
import { type Assessment, assess } from './assess.ts';
import { findIncident } from './incidents.ts';
import { broughtBy, endedWell, leftBy, listMoves, type Move, stateOf } from './last-move.ts';
import { mixedParts, runsEverywhere } from './live-state.ts';
import type { OperationPorts } from './operation-ports.ts';
import { planReturn } from './plan-return.ts';
import type { PreparedRollback } from './roll-back.ts';
import { findMisfit, unfinished } from './unfinished.ts';

const UNCHANGED = 'Nothing was changed.';

/**
 * Looks for the newest rollback that was carried out, whole or in part, and makes the plan that
 * returns to what it left. The newest of all incidents, open or closed: an incident that somebody
 * forgot to close must not bring back what an older rollback left. Changes nothing.
 * @param named the incident in which to look; left out: all
 * @throws BackoutError E_NOTHING_TO_UNDO, E_UNFINISHED, E_NOT_LIVE, E_LIVE_UNKNOWN, E_ALREADY_LIVE,
 * E_STILL_HELD, E_TAG_MOVED, E_ARTEFACT_MISSING, E_ARTEFACT_MISMATCH (refused), E_TAG_NOT_FOUND (usage)
 */
export async function prepareReturn(
  ports: OperationPorts,
  named: string | undefined,
): Promise<PreparedRollback> {
  const move = await findUndoable(ports, named);
  const to = goalOf(move);
  // The good release that the rollback brought is what the return leaves.
  const from = broughtBy(move.begun.plan);
  const assessment = await assess(ports, 'plan', to.tag);
  requireStillThere(assessment, from, to);
  requireDeployable(ports, assessment, to);
  const way = {
    from,
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
  if (move.begun.plan.undoes === undefined) return move;
  throw await afterReturn(ports, move);
}

/**
 * Why a return is not undone by another one: it has to be finished first, or all of it is over. That
 * it failed does not say that it changed nothing, nor that all of it is there: the targets say.
 */
async function afterReturn(
  ports: OperationPorts,
  { incident, begun }: Move,
): Promise<BackoutError> {
  const { plan } = begun;
  const brought = broughtBy(plan);
  const { targets, releases } = await assess(ports, 'plan', plan.to);
  const isThere = brought !== undefined && runsEverywhere(targets, brought);
  const failed = stateOf(begun) === 'failed';
  if (!endedWell(begun) && !(failed && isThere)) {
    const misfit = await findMisfit(ports, plan, 'fits');
    if (misfit !== undefined) return notToBeFinished(misfit.why);
    if (!failed) return unfinished(incident, plan, 'was interrupted and is not finished');
    // Rolling back again would change nothing where the return changed nothing.
    const otherwise = `Where that cannot work, ${byTheUsualWay(plan.to ?? '?')}.`;
    return unfinished(incident, plan, 'failed, and is not finished', otherwise);
  }
  const hold = brought !== undefined && isThere ? heldBy(releases, brought) : undefined;
  if (brought !== undefined && hold !== undefined) return stillHeld(brought, hold);
  return nothingToUndo(`The last rollback was undone already, by the return to ${plan.to ?? '?'}.`);
}

function byTheUsualWay(tag: string): string {
  return `end its hold, \`backout release unhold ${tag} --reason "…"\`, and deploy it the usual way`;
}

/** Resuming it would say the same. */
function notToBeFinished(why: string): BackoutError {
  return new BackoutError({
    code: 'E_NOT_LIVE',
    kind: 'refused',
    message: why,
    state: UNCHANGED,
    remedy: 'See with `backout assess` what is live, and deploy what you want the usual way.',
  });
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

/** What is live has to be what the rollback brought, by its commit too: else somebody deployed since. */
function requireStillThere(
  { targets, releases }: Assessment,
  brought: ReleaseRef | undefined,
  to: ReleaseRef,
): void {
  for (const { name, live } of targets) {
    if (!live.known) {
      throw new BackoutError({
        code: 'E_LIVE_UNKNOWN',
        kind: 'refused',
        message: `${name} does not say what is live (${live.problem}): somebody may have deployed since.`,
        state: UNCHANGED,
        remedy: 'Repair what tells what is live, and ask again: a return is no emergency.',
      });
    }
    if (runsRelease(live, to) || (brought !== undefined && runsRelease(live, brought))) continue;
    const other = describeOther(live, live.tag === to.tag ? to : (brought ?? to));
    const wanted = brought === undefined ? '?' : describeOther(brought, live);
    throw new BackoutError({
      code: 'E_NOT_LIVE',
      kind: 'refused',
      message: `${other} is live on ${name}, and not ${wanted}, which the rollback brought: somebody deployed since.`,
      state: UNCHANGED,
      remedy: `Ask who deployed ${other}. To have ${to.tag} all the same, ${byTheUsualWay(to.tag)}.`,
    });
  }
  if (!runsEverywhere(targets, to)) return;
  const hold = heldBy(releases, to);
  if (hold !== undefined) throw stillHeld(to, hold);
  throw new BackoutError({
    code: 'E_ALREADY_LIVE',
    kind: 'refused',
    message: `${to.tag} is live already.`,
    state: UNCHANGED,
    remedy: 'Nothing to do.',
  });
}

/** Of the two things that a return does, the second one is missing: that is no success. */
function stillHeld(to: ReleaseRef, { tag }: Release): BackoutError {
  const same = tag === to.tag ? '' : ', the same commit,';
  return new BackoutError({
    code: 'E_STILL_HELD',
    kind: 'refused',
    message: `${to.tag} is live already, and ${tag}${same} is still held.`,
    state: UNCHANGED,
    remedy: `End the hold if the release is to stay: \`backout release unhold ${tag} --reason "…"\`.`,
  });
}

/** @throws BackoutError E_TAG_NOT_FOUND, E_TAG_MOVED, E_ARTEFACT_MISSING, E_ARTEFACT_MISMATCH */
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
  const against = reasons.find(
    ({ code }) => code === 'artefact-missing' || code === 'artefact-mismatch',
  );
  if (against === undefined) return;
  const isMissing = against.code === 'artefact-missing';
  throw new BackoutError({
    code: isMissing ? 'E_ARTEFACT_MISSING' : 'E_ARTEFACT_MISMATCH',
    kind: 'refused',
    message: `${to.tag} cannot go live again: ${against.text}.`,
    state: UNCHANGED,
    remedy: isMissing
      ? 'Build it again, or deploy a newer release the usual way.'
      : 'Find out who replaced it, and put it back; or deploy a newer release the usual way.',
  });
}

function nothingToUndo(message: string): BackoutError {
  return new BackoutError({
    code: 'E_NOTHING_TO_UNDO',
    kind: 'refused',
    message,
    state: UNCHANGED,
    remedy: 'See what was done with `backout incident show`; deploy what you want the usual way.',
  });
}
