import type { ClockNotes } from '../../model/clock-notes.ts';
import type { ExecutionOutcome } from '../../model/execution.ts';
import type { HandOverResult } from '../../model/hand-over.ts';
import type { MessageCode, MessageFacts } from '../../model/message.ts';
import type { Steps } from '../../ports/steps.ts';

/** One look at an incident. */
export interface ClockLook {
  /** When it was, in milliseconds since 1970. */
  at: number;
  /** Undefined when the journal cannot be read: that counts as paused, except for making safe. */
  notes: ClockNotes | undefined;
}

/** Where level application would lead. */
export type WayBack =
  | { green: true; to: string }
  /** Why a person has to decide, and the line to paste. */
  | { green: false; why: string; command: string };

export type ClockSaid = Partial<Omit<MessageFacts, 'service' | 'environment' | 'incident' | 'at'>>;

/** What the clock of an incident has done. Each of them may be done twice. */
export interface ClockWork {
  /** Records the opening of the incident. Never throws. */
  open(): Promise<void>;
  /** Never throws. */
  look(): Promise<ClockLook>;
  /** How the signal is now. Never throws. */
  readSignal(): Promise<'recovered' | 'met' | 'unreadable'>;
  /** Whether customers are hit; what cannot be told is what `customer_impact.unreadable` says. */
  customersAffected(): Promise<boolean>;
  /** The safe state, with its proof. Never throws. */
  makeSafe(): Promise<{ outcome: ExecutionOutcome | 'not-run'; problems: string[] }>;
  /** Never throws: what cannot be found out is not green. */
  findWayBack(): Promise<WayBack>;
  /**
   * Claims the one automatic attempt of the incident.
   * @returns false when it was made before, or cannot be recorded
   */
  claimAttempt(): Promise<boolean>;
  /** Never throws. */
  handOver(steps: Steps, to: string): Promise<HandOverResult>;
  /** Ends an incident in which nothing was changed. Never throws: else it stays open. */
  close(reason: string): Promise<void>;
  /** Says something once per key, however often it is asked to. Never throws. */
  say(code: MessageCode, key: string, said: ClockSaid): Promise<void>;
}
