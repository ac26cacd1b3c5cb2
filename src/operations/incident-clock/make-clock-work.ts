import { type ClockNotes, readClockNotes } from '../../model/clock-notes.ts';
import type { ClockStart } from '../../model/clock-start.ts';
import { redBefore } from '../../model/alarm-evidence.ts';
import { describeCause } from '../../model/error.ts';
import type { HandOverResult } from '../../model/hand-over.ts';
import type { JournalEntry } from '../../model/journal.ts';
import type { Release } from '../../model/release.ts';
import type { Alarms } from '../../ports/alarms.ts';
import { within } from '../../ports/clock.ts';
import type { Steps } from '../../ports/steps.ts';
import { announcer, keyToSend, messagesSent } from '../announce.ts';
import { assess } from '../assess.ts';
import { closeIncident } from '../close-incident.ts';
import { openIncident, requireIncident } from '../incidents.ts';
import { record, recordFirst } from '../journal-writer.ts';
import { makeSafe } from '../make-safe.ts';
import type { OperationPorts } from '../operation-ports.ts';
import type { PlanFacts } from '../plan-rollback.ts';
import { readChanges } from '../read-alarm.ts';
import type { ClockWork, WayBack } from './clock-work.ts';

/** Longest wait for one question at the journal or at the monitoring, in milliseconds. */
const ASK_CAP_MS = 5_000;
/** Every target is asked what is live: as long as assessing may take when people wait for it. */
const ASSESS_CAP_MS = 60_000;
/** Changes of an alarm that are looked through for its state at the release, in milliseconds. */
const HISTORY_MS = 86_400_000;
const ACTOR = 'incident clock';

export interface ClockWorkOptions {
  ports: OperationPorts;
  /** The plan facts of the rule: its flag groups and breakers. */
  facts: PlanFacts;
  /** Left out: nobody can ask the monitoring. */
  alarms?: Alarms;
  customersAffected: () => Promise<boolean>;
  handOver: (steps: Steps, start: ClockStart, to: string) => Promise<HandOverResult>;
}

/** What the clock of an incident does, over the operations that people use too. */
export function makeClockWork(options: ClockWorkOptions, start: ClockStart): ClockWork {
  const { ports, facts, alarms } = options;
  const { clock, journal, scope } = ports;
  const { incident, rule, reason, actor } = start;

  const readEntries = (): Promise<JournalEntry[]> =>
    within(clock, ASK_CAP_MS, () => journal.read(scope, incident));

  async function readNotes(): Promise<ClockNotes | undefined> {
    try {
      return readClockNotes(await readEntries());
    } catch {
      return undefined;
    }
  }

  return {
    async open() {
      await within(clock, ASK_CAP_MS, () =>
        openIncident(ports, incident, { actor, reason, rule }),
      ).catch(() => undefined);
    },

    look: async () => ({ at: clock.now(), notes: await readNotes() }),

    async readSignal() {
      if (alarms === undefined || start.alarm === undefined) return 'unreadable';
      const { arn } = start.alarm;
      try {
        const found = await within(clock, ASK_CAP_MS, () => alarms.read(arn));
        // One that is gone or has no data says nothing about the service.
        if (found?.state === 'OK') return 'recovered';
        return found?.state === 'ALARM' ? 'met' : 'unreadable';
      } catch {
        return 'unreadable';
      }
    },

    customersAffected: () => options.customersAffected(),

    async makeSafe() {
      try {
        // Whoever acted at once has said so, and so has this before it was interrupted.
        const entries = await readEntries().catch((): JournalEntry[] => []);
        const isSaid = entries.some(({ data }) => data['code'] === 'safe-state-on');
        const isNews = start.decision === 'investigate' && !isSaid;
        const result = await makeSafe(
          { ...ports, facts },
          { actor, reason, rule, incident, isNews },
        );
        return { outcome: result.execution.outcome, problems: result.problems };
      } catch (error) {
        return { outcome: 'not-run', problems: [describeCause(error)] };
      }
    },

    async findWayBack(): Promise<WayBack> {
      const command = `backout rollback application --incident ${incident}`;
      try {
        const found = await within(clock, ASSESS_CAP_MS, () => assess({ ...ports, facts }));
        const to = found.knownGood.release?.tag;
        if (to === undefined) {
          return { green: false, why: 'No release is known to be good.', command };
        }
        const colour = found.candidates.find(({ tag }) => tag === to)?.colour;
        if (colour !== 'GREEN') {
          return { green: false, why: `${to} is ${colour ?? 'not judged'}, not GREEN.`, command };
        }
        const distrust = await distrustOf(found.releases, found.live);
        if (distrust !== undefined) return { green: false, why: distrust, command };
        return { green: true, to };
      } catch (error) {
        return { green: false, why: describeCause(error), command: 'backout assess' };
      }
    },

    async claimAttempt() {
      try {
        await recordFirst(ports, {
          incident,
          // One for the incident, whoever claims it.
          key: 'clock/attempt',
          kind: 'decision',
          actor: ACTOR,
          text: 'Level application is tried without a person, once.',
          data: { clock: 'attempt', rule },
        });
        return true;
      } catch {
        // Claimed by somebody else, or not written down: nobody may count on it.
        return false;
      }
    },

    handOver: (steps, to) => options.handOver(steps, start, to),

    async close(why) {
      try {
        const found = await requireIncident(ports, incident);
        await closeIncident(ports, found, { actor: ACTOR, reason: why });
      } catch {
        // It stays open, which is what people see.
      }
    },

    async say(code, key, said) {
      const entries = await readEntries().catch((): JournalEntry[] => []);
      const open = keyToSend(entries, `${incident}/${key}`);
      if (open === undefined) return;
      const news = announcer(ports, incident, messagesSent(entries));
      news.say(code, open, { reason, by: ACTOR, ...said });
      await news.settle();
    },
  };

  /** A signal that was red before the release went out does not speak against it. */
  async function distrustOf(
    releases: readonly Release[],
    live: string | undefined,
  ): Promise<string | undefined> {
    const at = releases.find(({ tag }) => tag === live)?.deployedAt;
    if (start.alarm === undefined || at === undefined) return undefined;
    const since = Math.min(Date.parse(at), clock.now()) - HISTORY_MS;
    const changes = await readChanges({ clock, ...(alarms && { alarms }) }, start.alarm, since);
    return redBefore(start.alarm.name, {
      releasedAt: Date.parse(at),
      ...(changes === undefined ? {} : { changes }),
    });
  }
}

/** A person's word to the clock of an incident. @throws what Journal.append throws */
export async function orderClock(
  ports: Pick<OperationPorts, 'journal' | 'clock' | 'scope' | 'ids'>,
  incident: string,
  { order, actor, reason }: { order: 'pause' | 'go-on' | 'act-now'; actor: string; reason: string },
): Promise<void> {
  const words = {
    pause: 'Paused what runs by itself',
    'go-on': 'What runs by itself goes on',
    'act-now': 'The investigation is not waited for any longer',
  } as const;
  await record(ports, {
    incident,
    key: `clock/${order}/${ports.ids.next()}`,
    kind: 'note',
    actor,
    text: `${words[order]}: ${reason}`,
    data: { clock: order, reason },
  });
}
