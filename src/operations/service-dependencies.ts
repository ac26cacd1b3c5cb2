/** The services that are rolled back before this one: `depends_on` of backout.yml. */

import { BackoutError, describeCause } from '../model/error.ts';
import { foldSteps } from '../model/execution.ts';
import { isMaintenance } from '../model/incident.ts';
import { targetPrefix } from '../model/lease.ts';
import { within } from '../ports/clock.ts';
import { listMoves, type Move, stateOf } from './last-move.ts';
import type { OperationPorts } from './operation-ports.ts';

/** Longest wait for the state of one service, in milliseconds; all are asked side by side. */
const ASK_CAP_MS = 5_000;

/** How a service is that has to be rolled back before this one. */
export type ServiceState = { service: string } & (
  | { state: 'free' }
  /** Somebody holds the right to change its targets. */
  | { state: 'changing'; holder: string; incident: string; until: string }
  /** A rollback, or a return, was interrupted before all targets were changed. */
  | { state: 'unfinished'; incident: string; to: string }
  | { state: 'unknown'; problem: string }
);

type Asked = Pick<OperationPorts, 'scope' | 'clock' | 'journal' | 'leases' | 'facts'>;

/**
 * How these services are now, in the environment of this one. All services of an environment share
 * one journal database. Never throws: what cannot be read is unknown.
 */
export async function readServiceStates(ports: Asked): Promise<ServiceState[]> {
  const { clock, facts } = ports;
  return await Promise.all(
    (facts.dependsOn ?? []).map(async (service) => {
      const ask = within(clock, ASK_CAP_MS, () => readServiceState(ports, service));
      return await ask.catch((error: unknown): ServiceState => ({
        service,
        state: 'unknown',
        problem: describeCause(error),
      }));
    }),
  );
}

async function readServiceState(ports: Asked, service: string): Promise<ServiceState> {
  const scope = { service, environment: ports.scope.environment };
  const { journal, leases } = ports;
  const [[lease], incidents] = await Promise.all([
    leases.inspectUnder(targetPrefix(scope)),
    journal.incidents(scope),
  ]);
  if (lease !== undefined) {
    const { holder, incident, expiresAt: until } = lease;
    return { service, state: 'changing', holder, incident, until };
  }
  const open = incidents.filter((one) => one.status === 'open' && !isMaintenance(one));
  const [move] = await listMoves({ journal, scope }, open);
  if (move === undefined || !isUnderWay(move)) return { service, state: 'free' };
  return { service, state: 'unfinished', incident: move.incident, to: move.begun.plan.to ?? '?' };
}

/**
 * Whether targets are still to be changed. One that failed is over, and said so: this service may be
 * the reason why it did not help. Nor does it have to wait where only the watching is not over, or
 * where nobody can judge what was watched: that may stay so.
 */
function isUnderWay({ begun, entries }: Move): boolean {
  const { id, plan } = begun;
  if (stateOf(begun) !== 'open') return false;
  const records = foldSteps(plan, id, entries);
  return plan.steps.some(({ id: step, action }) => {
    const record = records.get(step);
    const isDone = record?.state === 'ended' && record.result.outcome === 'done';
    return action.kind === 'deploy' && !isDone;
  });
}

/** For people: how a service is, and until when. */
export function describeService(one: ServiceState): string {
  switch (one.state) {
    case 'free':
      return `${one.service}: nothing is under way`;
    case 'changing':
      return `${one.service}: ${one.holder} is changing it for incident ${one.incident}, until ${one.until} at the latest`;
    case 'unfinished':
      return `${one.service}: its rollback to ${one.to} is not finished, incident ${one.incident}`;
    case 'unknown':
      return `${one.service}: not known: ${one.problem}`;
    default:
      return one satisfies never;
  }
}

/**
 * Two services that change at once are compared with nothing. So the one that the other stands on
 * comes to its end first, and what cannot be read is no permission.
 * @throws BackoutError E_DEPENDENCY (refused)
 */
export function requireServicesFree(
  states: readonly ServiceState[],
  { environment }: { environment: string },
): void {
  const busy = states.find(({ state }) => state !== 'free');
  if (busy === undefined) return;
  throw new BackoutError({
    code: 'E_DEPENDENCY',
    kind: 'refused',
    message: `This service is rolled back after ${busy.service}. ${describeService(busy)}.`,
    state: 'Nothing was changed. The safe state does not wait: `backout emergency`.',
    remedy: remedyFor(busy, environment),
    retryable: busy.state === 'changing',
  });
}

function remedyFor(busy: ServiceState, environment: string): string {
  const where = `With the backout.yml of ${busy.service}:`;
  const options = `--environment ${environment}`;
  switch (busy.state) {
    case 'changing':
      return `${where} \`backout incident show ${busy.incident} ${options}\`. When that is over, or its time ran out, start this again.`;
    case 'unfinished':
      return `${where} \`backout incident resume ${busy.incident} ${options}\`. Then start this again.`;
    case 'unknown':
    case 'free':
      return `${where} \`backout assess ${options}\`. When it answers, start this again.`;
    default:
      return busy satisfies never;
  }
}
