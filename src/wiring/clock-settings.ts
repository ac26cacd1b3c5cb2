import type { SelectedConfig } from '../config/select.ts';
import type { ClockSettings } from '../model/clock-due.ts';

/** How often the clock looks at what people said, in milliseconds: a countdown can be stopped. */
const COUNTDOWN_WAKE_MS = 15_000;
const WAKE_MS = 60_000;
/** A day: by then a person has long taken over. */
const END_AFTER_MS = 86_400_000;

/**
 * What of a configuration the clock of an incident goes by.
 * @param ruleName the rule that asked; one that is not there waits for nothing and asks people
 */
export function clockSettings(config: SelectedConfig, ruleName: string): ClockSettings {
  const { rules, escalation, clock } = config;
  const rule = Object.hasOwn(rules, ruleName) ? rules[ruleName] : undefined;
  return {
    investigateForMs: rule?.investigate_for ?? 0,
    atEnd: rule?.at_end ?? 'ask',
    page: rule?.page ?? ['on_call'],
    contacts: Object.entries(escalation)
      .map(([name, { after, when }]) => ({ name, afterMs: after, when }))
      .toSorted((a, b) => a.afterMs - b.afterMs),
    updatesEveryMs: clock.updates_every,
    stabilityAfterMs: clock.stability_after,
    followUpAfterMs: clock.follow_up_after,
    countdownWakeMs: COUNTDOWN_WAKE_MS,
    wakeMs: WAKE_MS,
    endAfterMs: END_AFTER_MS,
  };
}
