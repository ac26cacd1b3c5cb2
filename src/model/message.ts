import type { Level } from './level.ts';

/** Codes are stable: channels, templates and searches refer to them. */
export const MESSAGE_CODES = [
  'safe-state-on',
  'rollback-started',
  'progress',
  'rollback-complete',
  'rollback-failed',
  'rollback-unknown',
  'refused',
  'budget-warning',
  'budget-exceeded',
  'recovery-step',
  'recovery-complete',
  'maintenance-done',
  'maintenance-failed',
  'complaints-investigate',
  'complaints-page',
  'commander-assigned',
  'held-release-back',
  'held-release-gone',
  'guard-blind',
  'guard-sees',
  'person-needed',
  'investigation-started',
  'investigation-ended',
  'incident-update',
  'escalation',
  'stability-check',
  'follow-up',
  'automation-held',
  'handed-over',
  'clock-ended',
] as const;

export type MessageCode = (typeof MESSAGE_CODES)[number];

/** What a message says; model/catalogue.ts makes the words out of it. */
export interface MessageFacts {
  service: string;
  environment: string;
  incident: string;
  /** ISO 8601 UTC. */
  at: string;
  reason: string;
  by: string;
  level?: Level | undefined;
  /** What a maintenance did, as half a sentence. */
  work?: string;
  from?: string;
  to?: string;
  /** True when a rollback is undone: `to` is what it left. */
  returning?: boolean;
  /** Step X of Y, what is being done now and what comes next. */
  step?: { number: number; of: number; now: string; next?: string };
  /** Seconds until we expect to be done. */
  eta_s?: number;
  /** What is off now: flags at safe values and open breakers. */
  off?: string[];
  /** True when the release that was live is held now. */
  held?: boolean;
  /** True when the rollback was done and the checks still fail. */
  still_failing?: boolean;
  /** False when what was off before the rollback is off as before. */
  helped?: boolean;
  /** What could not be done or proven. */
  problems?: string[];
  /** Link or path of the postmortem. */
  postmortem?: string;
  /** Page to read. */
  runbook?: string;
  /** Who leads, where somebody does. */
  commander?: string;
  /** How many users complained within how many seconds. Never what they said. */
  complaints?: { count: number; within_s: number };
  /** When a person decides, ISO 8601 UTC. */
  decide_at?: string;
  /** What happens then, where nobody stops it. */
  at_end?: 'roll_back' | 'ask';
  /** Whether the signal was over by itself. */
  recovered?: boolean;
  /** Seconds since the incident began. */
  elapsed_s?: number;
  customers_hit?: boolean;
  /** Who stopped what would go on by itself. */
  paused_by?: string;
  /** Where to watch it. */
  link?: string;
  /** Contacts of `backout.yml` that are to be called now. */
  page?: string[];
  /** What the guard found, as sentences. */
  found?: string[];
  /** Who or what did it, as far as anybody knows, a sentence for each source. */
  who?: string[];
  /** The one line to paste. */
  command?: string;
  /** Hash of the configuration and head of the journal's chain, where known. */
  config_hash?: string;
  chain_head?: string;
}

export interface Message {
  code: MessageCode;
  /** Sent once per key. */
  key: string;
  severity: 'info' | 'warning' | 'page';
  title: string;
  /** Lines of plain text without markup. */
  lines: string[];
  facts: MessageFacts;
}
