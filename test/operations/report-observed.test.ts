import { expect, test } from 'vitest';
import { renderObserved } from '../../cli/render/observed.ts';
import { readEvent } from '../../src/adapters/aws/events/read-event.ts';
import { closeIncident } from '../../src/operations/close-incident.ts';
import { openIncident, requireIncident } from '../../src/operations/incidents.ts';
import { recordObserved } from '../../src/operations/observed.ts';
import { reportObservations } from '../../src/operations/report-observed.ts';
import { alarmEvent } from '../support/alarm-events.ts';
import { openSite, REQUEST, type Site } from '../support/memory-ports.ts';

const DAY = 86_400_000;

async function observe(site: Site): Promise<void> {
  const event = readEvent({ document: alarmEvent({ at: site.clock.now() }) });
  await recordObserved(site.ports, event, {
    decision: 'observe',
    code: 'rule-met-observing',
    reason: 'Would act.',
    rules: ['critical-errors'],
    level: 'application',
  });
}

test('Two weeks of observing: what people saw too is right, what nobody saw is a false alarm.', async () => {
  const site = await openSite();
  const { ports } = site;
  // Before the two weeks: not in the report.
  await observe(site);
  await site.clock.advance(3 * DAY);
  await observe(site);
  await openIncident(ports, 'incident1', REQUEST);
  await site.clock.advance(DAY);
  await closeIncident(
    { ...ports, facts: { ...ports.facts, fastPath: false } },
    await requireIncident(ports, 'incident1'),
    { actor: 'kim', reason: 'over' },
  );
  await site.clock.advance(10 * DAY);
  await observe(site);
  await site.clock.advance(DAY);

  const found = await reportObservations(ports, 14 * DAY);
  expect(found).toMatchObject({
    incidents: 1,
    rules: [{ rule: 'critical-errors', times: 2, false_positives: 1 }],
  });
  const text = renderObserved(found, 14);
  expect(text).toContain('critical-errors');
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('Without anything observed it says that nothing would have been done.', async () => {
  const site = await openSite();
  const found = await reportObservations(site.ports, 14 * DAY);
  expect(renderObserved(found, 14)).toContain('would have done nothing');
});

test('Incidents of people do not come from what was only observed.', async () => {
  const site = await openSite();
  await observe(site);
  expect((await reportObservations(site.ports, DAY)).incidents).toBe(0);
});
