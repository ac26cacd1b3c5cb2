/** What a seed stands for, as plain data: who does what when, and what goes wrong. */

export const STORES = [
  'flags',
  'breakers',
  'journal',
  'leases',
  'releases',
  'git',
  'target',
  'metrics',
  'chat',
  'disk',
  'cache',
  'service',
] as const;

export type StoreName = (typeof STORES)[number];

export const ACTORS = ['emergency-1', 'emergency-2', 'workflow', 'person', 'pipeline'] as const;

export type ActorName = (typeof ACTORS)[number];

/** What one actor does at one time, in milliseconds after the beginning. */
export type Task = { actor: ActorName; at: number } & (
  | {
      kind: 'alarm';
      state: 'ALARM' | 'OK';
      /** When it was raised; it may be delivered much later, and more than once. */
      raised: number;
      /** Named by the alarm, so that its copies meet in one incident. */
      incident?: string;
      groups?: string[];
    }
  | {
      kind: 'rollback';
      /** How long a person looks at the plan before agreeing to it. */
      think: number;
    }
  | { kind: 'resume' }
  /** Undo the last rollback. */
  | { kind: 'return'; think: number }
  | { kind: 'trip'; isolate: boolean }
  | { kind: 'recover'; named: boolean }
  | { kind: 'lift' }
  | { kind: 'close' }
  | { kind: 'maintain'; work: 'flush' | 'restart' | 'flag-test' }
  | { kind: 'deploy'; tag: string }
);

/** What one call to a store can meet. */
export type CallFault =
  /** No answer of use, and nothing happened. */
  | 'refuse'
  | 'throttle'
  /** No answer at all; nothing happened. */
  | 'hang'
  | 'slow'
  /** It happened, and the answer is an error. */
  | 'apply-then-fail'
  /** The answer is a timeout; it happens later. */
  | 'apply-late'
  /** It happens twice. */
  | 'duplicate'
  /** A reading of how it was some seconds ago. */
  | 'stale';

export type Fault =
  | {
      kind: CallFault;
      store: StoreName;
      actor: ActorName | 'all';
      from: number;
      to: number;
      /** Share of calls it meets. */
      share: number;
    }
  | { kind: 'kill'; actor: ActorName; event: number; restart: number }
  | { kind: 'pause'; actor: ActorName; event: number; ms: number }
  | { kind: 'skew'; actor: ActorName; ms: number }
  | { kind: 'redis-restart'; at: number }
  | { kind: 'lag'; instance: number; from: number; to: number }
  | { kind: 'silent'; instance: number; from: number; to: number }
  | { kind: 'no-artefact'; tag: string }
  | { kind: 'sick'; from: number; to: number };

export interface Scene {
  seed: number;
  tasks: Task[];
  faults: Fault[];
  targets: string[];
  /** Whether they are deployed side by side. */
  sideBySide: boolean;
  instances: number;
  /** Whether there is a Redis. */
  fastPath: boolean;
  /** What the health check does under the safe state. */
  underSafeState: 'measure' | 'skip';
  /** Whether a rollback helps: if not, the service stays broken. */
  rollbackHelps: boolean;
}
