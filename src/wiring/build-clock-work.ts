import type { ClockStart } from '../model/clock-start.ts';
import type { HandOverResult } from '../model/hand-over.ts';
import type { ClockWork } from '../operations/incident-clock/clock-work.ts';
import { makeClockWork } from '../operations/incident-clock/make-clock-work.ts';
import { customersAffected } from '../operations/customer-impact.ts';
import type { Alarms } from '../ports/alarms.ts';
import type { Steps } from '../ports/steps.ts';
import type { OpenService } from './open-service.ts';

/** Who may be given level application: a workflow, a function; left out: nobody. */
export type HandOver = (steps: Steps, start: ClockStart, to: string) => Promise<HandOverResult>;

/** What the clock of an incident does here. */
export function buildClockWork(
  service: OpenService,
  start: ClockStart,
  { alarms, handOver }: { alarms?: Alarms; handOver: HandOver },
): ClockWork {
  const { config, ports } = service;
  const rule = Object.hasOwn(config.rules, start.rule) ? config.rules[start.rule] : undefined;
  const impact = config.customer_impact;
  const healthChecks = Object.values(config.rules).flatMap(({ signal, checks }) =>
    signal === 'health' && checks !== undefined ? checks : [],
  );
  const isHealth = (name: string): boolean =>
    healthChecks.length === 0 ? config.checks[name]?.kind === 'http' : healthChecks.includes(name);
  return makeClockWork(
    {
      ports,
      facts: rule === undefined ? ports.facts : service.factsOf(rule),
      ...(alarms === undefined ? {} : { alarms }),
      customersAffected: () =>
        customersAffected({
          clock: ports.clock,
          symptoms: impact.any,
          unreadable: impact.unreadable,
          metrics: ports.baseline?.metrics ?? [],
          health: ports.checks.filter(({ name }) => isHealth(name)),
        }),
      handOver,
    },
    start,
  );
}

/** Where nobody may be given it, a person has to go on. */
export const handOverToPeople: HandOver = (_steps, start) =>
  Promise.resolve({
    by: 'nobody',
    outcome: 'failed',
    problems: ['Nothing here may change targets without a person.'],
    command: `backout rollback application --incident ${start.incident}`,
  });
