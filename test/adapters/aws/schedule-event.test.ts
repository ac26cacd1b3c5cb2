import { expect, test } from 'vitest';
import { parseScheduleEvent } from '../../../src/adapters/aws/schedule-event.ts';
import { scheduleEvent } from '../../support/schedule-event.ts';

test.each(['aws.events', 'aws.scheduler'])('A schedule of %s is known by its event.', (source) => {
  const event = scheduleEvent({ source });
  expect(parseScheduleEvent(event)).toEqual({ kind: 'schedule', at: '2026-11-25T03:00:00Z' });
});

test.each([
  [{}, '{}'],
  ['Scheduled Event', '"Scheduled Event"'],
  [null, 'null'],
  [undefined, 'undefined'],
  [scheduleEvent({ source: 'aws.cloudwatch' }), undefined],
  [scheduleEvent({ 'detail-type': 'CloudWatch Alarm State Change' }), undefined],
  [scheduleEvent({ source: 'my.app' }), undefined],
])('%j is none, and its beginning is shown.', (event, shown) => {
  const parsed = parseScheduleEvent(event);
  expect(parsed).toMatchObject({ kind: 'other', ...(shown === undefined ? {} : { shown }) });
  expect('shown' in parsed ? parsed.shown.length : 0).toBeLessThanOrEqual(80);
});
