import type { DrainReport } from '../adapters/file/spool-drain.ts';
import type { SelectedConfig } from '../config/select.ts';
import type { Scope } from '../model/scope.ts';
import type { Breakers } from '../ports/breakers.ts';
import type { Clock } from '../ports/clock.ts';
import type { FlagEditor, FlagStore } from '../ports/flags.ts';
import type { Ids } from '../ports/ids.ts';
import type { Journal } from '../ports/journal.ts';
import type { Messenger } from '../ports/messenger.ts';
import type { Leases } from '../ports/leases.ts';
import type { Proofs } from '../ports/proofs.ts';
import type { ReleaseRecords } from '../ports/releases.ts';
import type { OpenOptions } from './open-service.ts';

/** Where the state of one service in one environment is kept, connected. */
export interface Stores {
  flags: FlagStore;
  editor: FlagEditor;
  breakers: Breakers;
  journal: Journal;
  leases: Leases;
  releases: ReleaseRecords;
  proofs: Proofs;
  /** Where messages go instead of the channels of backout.yml, for those without their tokens. */
  messengers?: Messenger[];
  /** Brings spooled entries into the journal, and says what is left. */
  drain(): Promise<DrainReport>;
}

export interface StoresContext {
  options: OpenOptions;
  config: SelectedConfig;
  scope: Scope;
  clock: Clock;
  ids: Ids;
  /** Absolute: the folder of this machine for what Backout keeps in files. */
  stateDirectory: string;
  /** What is to be closed at the end. */
  resources: AsyncDisposableStack;
}

/** Connects the stores. What cannot be connected says so when it is used. */
export type OpenStores = (context: StoresContext) => Promise<Stores>;
