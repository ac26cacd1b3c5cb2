/** What a plan to be carried out by hand is made of, and what it consists of. */

import type { SafeOverride } from '../../model/flags.ts';
import type { MessageFacts } from '../../model/message.ts';
import type { Scope } from '../../model/scope.ts';

/** One thing to do by hand: what to paste, then what to look at. */
export interface ManualStep {
  title: string;
  /** What it is for, and what to mind. */
  why: string;
  /** Lines for a POSIX shell, in order. */
  commands: string[];
  /** Lines that a person has to choose from, or to complete: not for pasting as they are. */
  offers?: { say: string; lines: string[] };
  /** Lines that only read: what came of it. */
  look: string[];
  /** What one should see then; parts in `backticks` appear word for word. */
  expect?: string;
  /** What has no command: things to try, to say, to know. */
  notes: string[];
}

/** The release to go back to. A machine chooses only what is proven. */
export type ManualRelease =
  | { kind: 'known-good'; tag: string; commit: string; artefacts?: Record<string, string> }
  /** Somebody named it. `proven`: its bake passed, as far as the records could be read. */
  | {
      kind: 'named';
      tag: string;
      commit: string;
      /** By target, what the release was recorded to be there. */
      artefacts?: Record<string, string>;
      proven: boolean;
    }
  /** A person has to choose; newest first. `why` completes "NOT PROVEN: …". */
  | { kind: 'choose'; why: string; candidates: ManualCandidate[] };

export interface ManualCandidate {
  tag: string;
  commit: string;
  /** When the tag was made, ISO 8601 UTC. */
  at: string;
}

export interface ManualTarget {
  name: string;
  /** Programs with their arguments; places such as {tag} are not filled in yet. */
  commands: {
    preflight?: readonly string[] | undefined;
    deploy: readonly string[];
    current: readonly string[];
  };
  /** Absolute folder they run in. */
  cwd: string;
  /** Variables of the programs by name, and the variable here that has the value. */
  env: Readonly<Record<string, string>>;
  /** The highest lease number that came by on this machine; 0 when none did. */
  fence: number;
  /** Targets that a rollback deploys at the same time; left out: none. */
  besides?: readonly string[];
}

/** What an HTTP answer has to be; times in milliseconds. */
export interface ManualExpectation {
  status: number | readonly number[];
  body_contains?: string | undefined;
  json?: Readonly<Record<string, unknown>> | undefined;
  within?: number | undefined;
}

/** A text, or the variable here that has it. */
export type ManualValue = { text: string } | { variable: string };

export type ManualCheck =
  | {
      kind: 'http';
      name: string;
      url: string;
      method: string;
      headers: Readonly<Record<string, ManualValue>>;
      body?: ManualValue | undefined;
      timeoutMs: number;
      /** While the safe state is on; undefined: it is not asked then. */
      expect: ManualExpectation | undefined;
    }
  /** Something to try or to look at, in words. */
  | { kind: 'words'; name: string; tries: string[] };

export interface ManualFacts extends Scope {
  level: 'flags' | 'application';
  incident: string;
  /** When the plan was made, ISO 8601 UTC. */
  at: string;
  /** Who asked for it, and why. */
  by: string;
  reason: string;
  /** Absolute folder of the flags of this service and environment: base, safe, overrides. */
  flagsFolder: string;
  /** Where they are instead, where the state is on AWS. */
  parameters?: ManualParameters;
  groupsWithSafeValues: readonly string[];
  /** An override of every group that is in force already; then nothing new is put. */
  running: SafeOverride | undefined;
  /** Where the breakers are; left out when Redis is not configured. */
  fastPath?: ManualFastPath;
  live: string | undefined;
  release: ManualRelease | undefined;
  /** Whether a second person has to agree to this. */
  needsSecondPerson: boolean;
  /** Whether the live release is recorded; undefined when that cannot be read. */
  liveIsRecorded: boolean | undefined;
  /** In the order of rolling back. */
  targets: readonly ManualTarget[];
  checks: readonly ManualCheck[];
  stages: readonly { name: string; afterMs: number }[];
  bake: { durationMs: number; everyMs: number };
  budgetMs: number;
  /** What stands below every message. */
  footer: Pick<MessageFacts, 'runbook' | 'commander'>;
  /** Where messages go, and who is called when, as backout.yml says; in words. */
  channels: readonly string[];
  contacts: readonly string[];
  /** What could not be read from here, as sentences. */
  unknown: readonly string[];
}

export interface ManualParameters {
  /** Paths of the overrides and of the safe values in the parameter store. */
  overrides: string;
  safe: string;
  region: string | undefined;
}

export interface ManualFastPath {
  /** The variable here that has the address of Redis. */
  variable: string;
  keys: { breakers: string; epoch: string; overrides: string; instances: string; changes: string };
  /** Opens breakers, mirrors an override, counts the epoch and publishes it: docs/contract.md. */
  script: string;
  /** Names the epoch's generation where Redis has none. */
  generation: string;
  providers: readonly string[];
}

/** A rollback without Backout, without the journal, without chat: steps for a person and a shell. */
export interface ManualPlan extends Scope {
  level: ManualFacts['level'];
  incident: string;
  at: string;
  live?: string;
  release?: ManualRelease;
  unknown: string[];
  steps: ManualStep[];
}
