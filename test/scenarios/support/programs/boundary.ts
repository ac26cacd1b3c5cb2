/**
 * Loaded into a command before it starts (`node --import`). Stops the process at an exact point of
 * its work: the events of an execution are published in step with it.
 *
 *     SCENARIO_EVENTS  file that gets a line for every event: how the boundaries are found
 *     SCENARIO_STOP    {"event", "step"?, "signal"}: the signal this process gets at that event
 */

import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import type { ProgressEvent } from '../../../../src/model/progress.ts';

const events = process.env['SCENARIO_EVENTS'];
const stop: unknown = JSON.parse(process.env['SCENARIO_STOP'] ?? '{}');
const wanted: Record<string, unknown> = { ...(stop as object) };

subscribe('backout:progress', (message) => {
  const event = message as ProgressEvent;
  const step = 'step' in event ? event.step?.id : undefined;
  if (events !== undefined) {
    appendFileSync(events, `${JSON.stringify({ event: event.type, step })}\n`);
  }
  if (event.type !== wanted['event'] || step !== wanted['step']) return;
  delete wanted['event'];
  // Synchronous: nothing of what comes after the event has happened when the process stops.
  process.kill(process.pid, String(wanted['signal']));
});
