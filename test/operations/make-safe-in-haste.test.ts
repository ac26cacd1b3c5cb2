import { describe, expect, test } from 'vitest';
import { makeSafeInHaste, type HastyResult } from '../../src/operations/make-safe-in-haste.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { NIGHT } from '../support/fake-clock.ts';
import { down, hanging, openSite, REQUEST, type Site, worldOf } from '../support/memory-ports.ts';

/** What an answer may take, in milliseconds: the caller of an alarm counts on it. */
const LIMIT_MS = 5_000;

type Fault = (site: Site) => Partial<OperationPorts>;

const PARTS = {
  flags: ({ ports }: Site, how: typeof down) => ({ flags: how(ports.flags) }),
  breakers: ({ ports }: Site, how: typeof down) => ({ breakers: how(ports.breakers) }),
  journal: ({ ports }: Site, how: typeof down) => ({ journal: how(ports.journal) }),
  messages: ({ messenger }: Site, how: typeof down) => ({
    messengers: [
      how === down
        ? { ...messenger, send: async () => ({ delivered: false as const, problem: 'is gone' }) }
        : hanging(messenger, 'send'),
    ],
  }),
} satisfies Record<string, (site: Site, how: typeof down) => Partial<OperationPorts>>;
type Part = keyof typeof PARTS;
const names = Object.keys(PARTS) as Part[];

const single = names.flatMap((part) =>
  [down, hanging].map((how) => ({
    parts: [part],
    name: `${part} ${how.name}`,
    fault: ((site) => PARTS[part](site, how)) satisfies Fault,
  })),
);
const pairs = names.flatMap((first, index) =>
  names.slice(index + 1).flatMap((second) =>
    [down, hanging].flatMap((one) =>
      [down, hanging].map((other) => ({
        parts: [first, second],
        name: `${first} ${one.name} and ${second} ${other.name}`,
        fault: ((site) => ({
          ...PARTS[first](site, one),
          ...PARTS[second](site, other),
        })) satisfies Fault,
      })),
    ),
  ),
);
const all = {
  parts: names,
  name: 'everything hanging',
  fault: ((site) => ({
    ...PARTS.flags(site, hanging),
    ...PARTS.breakers(site, hanging),
    ...PARTS.journal(site, hanging),
    ...PARTS.messages(site, hanging),
  })) satisfies Fault,
};

async function safe(site: Site, more: Partial<OperationPorts> = {}): Promise<HastyResult> {
  return await site.clock.run(
    makeSafeInHaste(
      { ...site.ports, ...more },
      { ...REQUEST, incident: 'alarm-1' },
      { startedAt: site.clock.now(), isNews: true },
    ),
  );
}

const outcomeOf = ({ execution }: HastyResult, id: string): string | undefined =>
  execution.steps.find(({ step }) => step.id === id)?.result.outcome;

test('With everything there it is safe, proven, recorded and said at once.', async () => {
  const site = await openSite();
  const result = await safe(site);
  expect(result).toMatchObject({ problems: [], unwritten: [], execution: { outcome: 'done' } });
  expect(await site.entries('alarm-1')).toHaveLength(result.execution.steps.length * 2 + 4);
  expect(site.messenger.sent).toMatchObject([{ code: 'safe-state-on' }]);
});

describe.each([...single, ...pairs, all])('With $name', ({ parts, fault }) => {
  const isGone = (part: Part): boolean => parts.includes(part);

  test('it ends within 5 s and says exactly what is safe', async () => {
    const site = await openSite();
    const result = await safe(site, fault(site));
    expect(site.clock.now() - NIGHT).toBeLessThan(LIMIT_MS);
    const world = await worldOf(site);
    expect(world).toMatchObject({
      overrides: isGone('flags') ? [] : ['safe'],
      open: isGone('breakers') ? [] : ['stripe', 'mailer'],
    });
    // Never "done" for what did not happen, and never less than what did.
    expect(outcomeOf(result, 'engage-override') === 'done').toBe(!isGone('flags'));
    expect(outcomeOf(result, 'trip-breakers') === 'done').toBe(!isGone('breakers'));
    const nothingGone = !isGone('flags') && !isGone('breakers');
    expect(result.execution.outcome === 'done').toBe(nothingGone);
    const said = result.problems.join('\n');
    expect(said.includes('Message to chat')).toBe(isGone('messages'));
    expect(said.includes('entries of the record are not stored')).toBe(isGone('journal'));
    // Nothing of the record is lost: it is in the journal, or in the answer for the log.
    const recorded = [...(await site.entries('alarm-1')), ...result.unwritten];
    expect(recorded[0]).toMatchObject({ kind: 'incident-opened' });
    expect(recorded.at(-1)).toMatchObject({ kind: 'message' });
  });
});

test('Instances that lag cost the answer no more than its limit, and are said.', async () => {
  const site = await openSite();
  site.fleet = 'lagging';
  const result = await safe(site);
  expect(site.clock.now() - NIGHT).toBeLessThan(LIMIT_MS);
  expect(outcomeOf(result, 'engage-override')).toBe('done');
  expect(outcomeOf(result, 'prove-flags')).not.toBe('done');
  expect(result.execution.outcome).toBe('partial');
});
