import type { StageResult } from '../model/check.ts';
import type { ExecutionResult } from '../model/execution.ts';
import type { Innocence } from '../model/innocence.ts';
import type { MessageFacts } from '../model/message.ts';
import type { PostmortemDue } from '../model/postmortem.ts';
import type { Observe } from '../model/progress.ts';
import type { Scope } from '../model/scope.ts';
import type { Breakers } from '../ports/breakers.ts';
import type { Check } from '../ports/checks.ts';
import type { Clock } from '../ports/clock.ts';
import type { Deployments } from '../ports/deployments.ts';
import type { FlagStore } from '../ports/flags.ts';
import type { Ids } from '../ports/ids.ts';
import type { Journal } from '../ports/journal.ts';
import type { Leases } from '../ports/leases.ts';
import type { MigrationAudit } from '../ports/migrations.ts';
import type { Messenger } from '../ports/messenger.ts';
import type { PostmortemStore } from '../ports/postmortems.ts';
import type { ReleaseRecords, Repository } from '../ports/releases.ts';
import type { Target } from '../ports/target.ts';
import type { BaselineSources } from './baseline.ts';
import type { PlanFacts } from './plan-rollback.ts';
import type { StillOff } from '../model/still-off.ts';

/** Everything outside that the operations touch, already pointed at one service and environment. */
export interface OperationPorts {
  scope: Scope;
  clock: Clock;
  ids: Ids;
  journal: Journal;
  leases: Leases;
  flags: FlagStore;
  breakers: Breakers;
  releases: ReleaseRecords;
  repository: Repository;
  /** Left out: nobody audits migrations. */
  migrations?: MigrationAudit;
  /** Where deploy pipelines run; left out: nobody is asked what they deployed. */
  deployments?: Deployments;
  targets: readonly Target[];
  checks: readonly Check[];
  /** What is measured before a rollback, to compare with afterwards; left out: nothing. */
  baseline?: BaselineSources;
  messengers: readonly Messenger[];
  postmortems: PostmortemStore;
  observe: Observe;
  /** Aborts when a person stops the command; left out = never. */
  interrupted?: AbortSignal;
  /** What the configuration says that plans are made of. */
  facts: PlanFacts;
  settings: {
    leaseTtlMs: number;
    /** Longest time one channel may take for one message. */
    messageCapMs: number;
    /** Stands below every message; the commander until the incident is given one. */
    messageFooter: Pick<MessageFacts, 'runbook' | 'commander'>;
    /** This process, in words a person can act on: `user@host (pid 4711)`. */
    holder: string;
    /** When the tasks of a postmortem are due, in milliseconds after the incident. */
    due: PostmortemDue;
  };
}

/** Who asks for an operation, and why. */
export interface Request {
  actor: string;
  reason: string;
  /** The rule that asks; `manual` when a person does. */
  rule: string;
}

/** What came of an execution, at any level. */
export interface RollbackResult {
  incident: string;
  execution: ExecutionResult;
  /** Validation, stage by stage, as far as it ran in this process. */
  stages: StageResult[];
  stillOff: StillOff;
  /** Where the draft is; undefined when there is none. */
  postmortem: string | undefined;
  /** Whether it helped, where anything is measured. */
  innocence?: Innocence;
  /** All that did not go as planned, in the order it happened. */
  problems: string[];
}
