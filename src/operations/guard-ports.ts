import type { Tag } from '../model/release.ts';
import type { ChangeHistory } from '../ports/changes.ts';
import type { Leases } from '../ports/leases.ts';
import type { ReleaseRecords } from '../ports/releases.ts';
import type { TargetReader } from '../ports/target.ts';
import type { AnnouncePorts } from './announce.ts';
import { deploymentChanges } from './deployment-changes.ts';
import type { OperationPorts } from './operation-ports.ts';

/**
 * What the guard is given. Whatever it finds, it has no way to change production: targets and
 * records can only be read.
 */
export interface GuardPorts extends AnnouncePorts {
  /** For its own turn, and to see whether a rollback is at work. */
  leases: Leases;
  releases: Pick<ReleaseRecords, 'list'>;
  targets: readonly TargetReader[];
  /** For the commit of what nobody recorded; left out where there is no clone. */
  tags?: () => Promise<Tag[]>;
  /** Who else knows about changes; left out: nobody. */
  history?: readonly ChangeHistory[];
  interrupted?: AbortSignal;
}

/** The part of all ports that is for looking, with nothing else behind it. */
export function guardPorts(
  ports: OperationPorts,
  history: readonly ChangeHistory[] = [],
): GuardPorts {
  const { scope, clock, journal, leases, messengers, settings, facts, interrupted } = ports;
  const { deployments } = ports;
  const pipelines = deployments === undefined ? [] : [deploymentChanges(deployments)];
  return {
    scope,
    clock,
    journal,
    leases,
    messengers,
    settings,
    facts,
    history: [...history, ...pipelines],
    releases: { list: (where) => ports.releases.list(where) },
    tags: () => ports.repository.tags(),
    targets: ports.targets.map((target) => ({
      name: target.name,
      kind: target.kind,
      ...(target.readMs === undefined ? {} : { readMs: target.readMs }),
      current: (signal) => target.current(signal),
      lastChange: async (signal) => await target.lastChange?.(signal),
    })),
    ...(interrupted === undefined ? {} : { interrupted }),
  };
}
