import { type ClockSettings, contactsDue, sleepUntilNext } from '../../model/clock-due.ts';
import type { ClockNotes } from '../../model/clock-notes.ts';
import type { ClockStart } from '../../model/clock-start.ts';
import type { Steps } from '../../ports/steps.ts';
import type { ClockSaid, ClockWork } from './clock-work.ts';

/** How a clock came to its end. */
export type ClockEnd = 'incident-closed' | 'recovered' | 'time-over';

/**
 * The clock of one incident: an investigation that ends by itself, updates, calls, what comes after
 * a rollback. Plain code over {@link Steps}, so that a durable function, a laptop and a test run
 * the same; every wake is one look at the journal, where people pause it, let it go on, act or close
 * the incident.
 *
 *     making safe        never waits for anybody, and is never paused
 *     level application  at most once, only GREEN, never while paused or when the journal is away
 *     messages           once per key, so that a flow that is played again says nothing twice
 */
export async function runIncidentClock(
  steps: Steps,
  work: ClockWork,
  start: ClockStart,
  settings: ClockSettings,
): Promise<ClockEnd> {
  return await new IncidentClock(steps, work, start, settings).run();
}

class IncidentClock {
  private readonly startedAt: number;
  private readonly called = new Set<string>();
  private lastSaidAt: number;
  private investigates: boolean;
  private stabilitySaid = false;
  private followUpSaid = false;
  private wakes = 0;
  private readonly steps: Steps;
  private readonly work: ClockWork;
  private readonly start: ClockStart;
  private readonly settings: ClockSettings;

  constructor(steps: Steps, work: ClockWork, start: ClockStart, settings: ClockSettings) {
    this.steps = steps;
    this.work = work;
    this.start = start;
    this.settings = settings;
    this.startedAt = Date.parse(start.at);
    this.lastSaidAt = this.startedAt;
    this.investigates = start.decision === 'investigate';
  }

  async run(): Promise<ClockEnd> {
    const { steps, work } = this;
    await steps.run('open', () => work.open());
    if (this.investigates) await this.sayInvestigation();
    // Before anything that may take minutes.
    await this.callContacts(this.startedAt, undefined);
    if (!this.investigates) await this.actAtOnce();
    for (;;) {
      this.wakes += 1;
      const { at, notes } = await steps.run(`look-${this.wakes}`, () => work.look());
      if (notes?.isClosed === true) return 'incident-closed';
      if (at - this.startedAt >= this.settings.endAfterMs) {
        await this.say('clock-ended', 'clock-ended', at, {});
        return 'time-over';
      }
      if (this.investigates && (await this.investigate(at, notes))) return 'recovered';
      await this.callContacts(at, notes);
      await this.followRollback(at, notes);
      await this.update(at, notes);
      await steps.sleep(`sleep-${this.wakes}`, this.sleepFrom(at, notes));
    }
  }

  /** The safe state was asked for already: it is asked for again, with the time to prove it. */
  private async actAtOnce(): Promise<void> {
    const { steps, work, startedAt } = this;
    await steps.run('make-safe', () => work.makeSafe());
    await this.goFurther('start', startedAt, undefined);
  }

  private investigationEnd(notes: ClockNotes | undefined): number {
    const paused = notes?.pausedMs ?? 0;
    return this.startedAt + this.settings.investigateForMs + paused;
  }

  /** @returns true when the incident is over by itself */
  private async investigate(at: number, notes: ClockNotes | undefined): Promise<boolean> {
    const { steps, work, settings } = this;
    const isOver = at >= this.investigationEnd(notes);
    const wanted = notes?.actNow === true;
    // Paused while the time runs out: nothing ends before somebody lets it go on.
    if (!wanted && (!isOver || notes?.paused !== undefined)) return false;
    const signal = wanted ? 'met' : await steps.run('read-signal', () => work.readSignal());
    this.investigates = false;
    if (signal === 'recovered') {
      await this.say('investigation-ended', 'investigation-ended', at, { recovered: true });
      await steps.run('close', () => work.close('The signal recovered within the investigation.'));
      return true;
    }
    if (settings.atEnd === 'ask' && !wanted) {
      await this.say('person-needed', 'investigation-asks', at, {
        reason: `The investigation is over and ${this.start.rule} is ${described(signal)}.`,
        command: 'backout emergency --reason "…"',
      });
      return false;
    }
    await this.say('investigation-ended', 'investigation-ended', at, {
      recovered: false,
      reason: `${this.start.rule} is ${wanted ? 'not waited for any longer' : described(signal)}.`,
    });
    // When in doubt, make safe: it undoes nothing.
    await steps.run('make-safe', () => work.makeSafe());
    await this.goFurther('investigated', at, notes);
    return false;
  }

  /** Level application, where it may run without a person. */
  private async goFurther(key: string, at: number, notes: ClockNotes | undefined): Promise<void> {
    const { steps, work, start } = this;
    if (start.level !== 'application') return;
    if (start.held_at_flags !== undefined) {
      await this.holdAutomation(key, at, start.held_at_flags, 'backout rollback application');
      return;
    }
    const found = notes ?? (await steps.run(`look-${key}`, () => work.look())).notes;
    if (found === undefined) {
      const why = 'The journal cannot be read, so nobody can tell whether it is paused.';
      await this.holdAutomation(key, at, why, 'backout rollback application');
      return;
    }
    if (found.paused !== undefined) {
      const why = `${found.paused.by} paused it.`;
      await this.holdAutomation(key, at, why, `backout incident go-on ${start.incident}`);
      return;
    }
    if (found.attempted) return;
    const way = await steps.run(`find-way-${key}`, () => work.findWayBack());
    if (!way.green) {
      await this.holdAutomation(key, at, way.why, way.command);
      return;
    }
    const claimed = await steps.run(`claim-${key}`, () => work.claimAttempt());
    if (!claimed) {
      const why = 'The one automatic attempt of this incident cannot be claimed.';
      await this.holdAutomation(key, at, why, 'backout rollback application');
      return;
    }
    const result = await work.handOver(steps, way.to);
    const isUnderWay = result.outcome === 'running' || result.outcome === 'done';
    const isFine = isUnderWay || result.outcome === 'already-done';
    const said = {
      to: way.to,
      problems: result.problems,
      ...(result.url === undefined ? {} : { link: result.url }),
      ...(result.command === undefined ? {} : { command: result.command }),
    };
    if (isFine) await this.say('handed-over', `handed-over-${key}`, at, said);
    else {
      const why = ['Nobody is known to have taken it over.', ...result.problems].join(' ');
      await this.holdAutomation(key, at, why, result.command ?? 'backout assess');
    }
  }

  private async holdAutomation(
    key: string,
    at: number,
    why: string,
    command: string,
  ): Promise<void> {
    await this.say('automation-held', `automation-held-${key}`, at, { reason: why, command });
  }

  private async sayInvestigation(): Promise<void> {
    const until = new Date(this.investigationEnd(undefined)).toISOString();
    const { atEnd } = this.settings;
    await this.say('investigation-started', 'investigation-started', this.startedAt, {
      decide_at: until,
      at_end: atEnd,
      command: `backout incident pause ${this.start.incident}`,
    });
  }

  private async callContacts(at: number, notes: ClockNotes | undefined): Promise<void> {
    const { steps, work, settings, called } = this;
    // What was rolled back and validated is over for those who would be called.
    if (notes?.rollback?.outcome === 'done') return;
    const due = contactsDue(settings, at - this.startedAt, called);
    const onlyIfHit = due.filter(({ when }) => when === 'customers_affected');
    const hit =
      onlyIfHit.length > 0 &&
      (await steps.run(`customers-${this.wakes}`, () => work.customersAffected()));
    const names = due.filter(({ when }) => when === 'always' || hit).map(({ name }) => name);
    if (names.length === 0) return;
    for (const name of names) called.add(name);
    await this.say('escalation', `escalation-${names.join('-')}`, at, {
      page: names,
      elapsed_s: (at - this.startedAt) / 1000,
      ...(hit ? { customers_hit: true } : {}),
      command: 'backout assess',
    });
  }

  private async followRollback(at: number, notes: ClockNotes | undefined): Promise<void> {
    const { steps, work, settings } = this;
    const ended = notes?.rollback;
    if (ended === undefined) return;
    if (!this.stabilitySaid && at >= ended.at + settings.stabilityAfterMs) {
      this.stabilitySaid = true;
      const signal = await steps.run('stability-signal', () => work.readSignal());
      await this.say('stability-check', 'stability-check', at, {
        reason: `${this.start.rule} is ${described(signal)}.`,
        command: 'backout validate',
      });
    }
    if (!this.followUpSaid && at >= ended.at + settings.followUpAfterMs) {
      this.followUpSaid = true;
      await this.say('follow-up', 'follow-up', at, {
        command: `backout incident show ${this.start.incident}`,
      });
    }
  }

  private async update(at: number, notes: ClockNotes | undefined): Promise<void> {
    if (at - this.lastSaidAt < this.settings.updatesEveryMs) return;
    await this.say('incident-update', `update-${this.wakes}`, at, {
      elapsed_s: (at - this.startedAt) / 1000,
      ...(this.investigates
        ? { decide_at: new Date(this.investigationEnd(notes)).toISOString() }
        : {}),
      ...(notes === undefined ? { problems: ['The journal cannot be read.'] } : {}),
      ...(notes?.paused === undefined ? {} : { paused_by: notes.paused.by }),
      command: 'backout assess',
    });
  }

  private sleepFrom(at: number, notes: ClockNotes | undefined): number {
    const { settings, startedAt, lastSaidAt } = this;
    const rolled = notes?.rollback?.at;
    const due = [
      lastSaidAt + settings.updatesEveryMs,
      startedAt + settings.endAfterMs,
      ...settings.contacts.map(({ afterMs }) => startedAt + afterMs),
      ...(this.investigates ? [this.investigationEnd(notes)] : []),
      ...(rolled === undefined
        ? []
        : [rolled + settings.stabilityAfterMs, rolled + settings.followUpAfterMs]),
    ];
    const wake = this.investigates ? settings.countdownWakeMs : settings.wakeMs;
    return sleepUntilNext(at, due, wake);
  }

  private async say(
    code: Parameters<ClockWork['say']>[0],
    key: string,
    at: number,
    said: ClockSaid,
  ): Promise<void> {
    const { steps, work, start } = this;
    this.lastSaidAt = Math.max(this.lastSaidAt, at);
    const facts = { reason: start.reason, by: 'the clock of the incident', ...said };
    await steps.run(`say-${key}`, () => work.say(code, `clock/${key}`, facts));
  }
}

function described(signal: 'recovered' | 'met' | 'unreadable'): string {
  switch (signal) {
    case 'recovered':
      return 'not met any more';
    case 'met':
      return 'still met';
    case 'unreadable':
      return 'unreadable';
    default:
      return signal satisfies never;
  }
}
