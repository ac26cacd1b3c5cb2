/**
 * No sequence of events whatsoever turns a flag from safe to unsafe: random deliveries of every
 * shape, state, age and order, with copies, with parts of the system failing, between people who
 * lift and set flags. Only those people may turn a flag back.
 *
 * A failing run names its seed: `ALARM_SEED=17 npx vitest run test/operations/alarms-never-unsafe.test.ts`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readEvent } from '../../src/adapters/aws/events/read-event.ts';
import { unwrapEvent } from '../../src/adapters/aws/events/unwrap-event.ts';
import { openFileFlags } from '../../src/adapters/file/flags.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import type { AlarmSettings } from '../../src/model/alarm.ts';
import { effectiveFlags } from '../../src/model/flags.ts';
import { answerAlarm } from '../../src/operations/answer-alarm.ts';
import {
  ACCOUNT,
  alarmEvent,
  compositeEvent,
  configurationEvent,
  contributorEvent,
  findingEvent,
  queuedTopicEvent,
  queueEvent,
  REGION,
  routedEvent,
  topicEvent,
  topicMessage,
} from '../support/alarm-events.ts';
import { down, openSite, SCOPE, type Site } from '../support/memory-ports.ts';

const SEEDS = 60;
const EVENTS = 25;

type Dice = <T>(choices: readonly [T, ...T[]]) => T;

/** Small and repeatable (mulberry32); nothing here needs good randomness. */
function diceOf(seed: number): Dice {
  let state = seed;
  return (choices) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const share = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    return choices[Math.floor(share * choices.length)] ?? choices[0];
  };
}

const STATES = ['ALARM', 'ALARM', 'ALARM', 'OK', 'INSUFFICIENT_DATA', 'alarm', null, 7] as const;
const AGES = [0, 0, 0, 1_000, 299_000, 301_000, 899_000, 901_000, -299_000, -301_000, NaN] as const;

function anyEvent(dice: Dice, now: number): unknown {
  const age = dice(AGES);
  const given = {
    name: dice(['shop-5xx', 'shop-p95', 'shop-db', 'nobody']),
    at: Number.isNaN(age) ? now : now - age,
    account: dice([ACCOUNT, ACCOUNT, ACCOUNT, '999999999999']),
    state: {
      value: dice(STATES),
      ...(Number.isNaN(age) ? { timestamp: 'NaN' } : {}),
      ...dice([
        {},
        {},
        { actionsSuppressedBy: 'Alarm' },
        { reasonData: '{"recentDatapoints":[]}' },
      ]),
    },
    data: dice([{}, {}, {}, { muteDetail: {} }]),
    message: { NewStateValue: dice(STATES), ActionExecutedAfterMuteWindow: dice([false, true]) },
    detail: { severity: dice([8, 2]), service: { archived: dice([false, true]) } },
  };
  return dice<(all: typeof given) => unknown>([
    alarmEvent,
    compositeEvent,
    routedEvent,
    contributorEvent,
    configurationEvent,
    (all) => topicEvent(topicMessage(all), all),
    (all) => queuedTopicEvent(topicMessage(all), all),
    (all) => queueEvent(alarmEvent(all), topicMessage(all), 'x'),
    findingEvent,
    () => ({ anything: 'else' }),
  ])(given);
}

const rule = {
  for: 60_000,
  min_requests: 0,
  automation: 'armed',
  signal: 'error_rate',
  min_severity: 7,
} as const;
const settings: AlarmSettings = {
  rules: {
    errors: {
      ...rule,
      alarms: ['shop-5xx'],
      decision: 'act',
      missing: 'act',
      automatic: 'application',
    },
    slow: {
      ...rule,
      alarms: ['shop-p95'],
      decision: 'investigate',
      missing: 'notify',
      automatic: 'application',
    },
    database: {
      ...rule,
      alarms: ['shop-db'],
      decision: 'act',
      missing: 'notify',
      automatic: 'flags',
    },
    breach: {
      ...rule,
      alarms: [],
      signal: 'security',
      decision: 'act',
      missing: 'ignore',
      automatic: 'flags',
    },
  },
  armed: true,
  account: ACCOUNT,
  regions: [REGION],
  maxAgeMs: 900_000,
  rereadAfterMs: 300_000,
  flapping: { changes: 3, withinMs: 1_800_000 },
};

async function safeFlags({ ports }: Site): Promise<Set<string>> {
  const flags = effectiveFlags(await ports.flags.read());
  return new Set(flags.filter(({ value, safe }) => value === safe).map(({ name }) => name));
}

/** One delivery: every parcel of it, as the function does it. */
async function deliver(site: Site, dice: Dice, event: unknown): Promise<void> {
  const { ports } = site;
  const fault = dice([
    {},
    {},
    {},
    { flags: down(ports.flags) },
    { breakers: down(ports.breakers) },
  ]);
  const alarms = dice([undefined, { state: 'ALARM' }, { state: 'OK' }]);
  const asked = alarms && {
    alarms: { read: async () => ({ ...alarms, since: undefined }), changes: async () => [] },
  };
  for (const parcel of unwrapEvent(event).parcels) {
    const groups = dice([undefined, ['shop'], ['mail']]);
    const facts = { ...ports.facts, ...(groups === undefined ? {} : { groups }) };
    const answering = answerAlarm({ ...ports, ...fault, ...asked }, readEvent(parcel), {
      ...settings,
      factsOf: () => facts,
    });
    // Nothing could be moved: it is delivered again, or not.
    await site.clock.run(answering.catch(() => undefined));
  }
}

/** A person, who may do what no event may: the only one after whom a flag may be unsafe. */
async function personLifts({ ports, clock }: Site): Promise<void> {
  const { overrides } = await ports.flags.read();
  for (const { incident } of overrides.filter(({ mode }) => mode === 'safe')) {
    const since = new Date(clock.now()).toISOString();
    await ports.editor.lift({ mode: 'lifted', incident, since, by: 'maria', reason: 'well' });
  }
}

async function play(seed: number, site: Site): Promise<number> {
  const dice = diceOf(seed);
  const sent: unknown[] = [];
  let madeSafe = 0;
  for (let count = 0; count < EVENTS; count += 1) {
    if (dice([false, false, false, false, true])) await personLifts(site);
    const before = await safeFlags(site);
    // A copy of an earlier one, or a new one.
    const [first] = sent;
    const event =
      first !== undefined && dice([false, false, true])
        ? dice([first, ...sent])
        : anyEvent(dice, site.clock.now());
    sent.push(event);
    await deliver(site, dice, event);
    const after = await safeFlags(site);
    const unsafe = [...before].filter((name) => !after.has(name));
    expect(unsafe, `seed ${seed}, event ${count}: ${JSON.stringify(event)}`).toEqual([]);
    if (after.size > before.size) madeSafe += 1;
    await site.clock.advance(dice([0, 1_000, 60_000, 600_000]));
  }
  return madeSafe;
}

test('No sequence of events turns a flag from safe to unsafe, in memory or in files.', async () => {
  const asked = readEnvironment().variables['ALARM_SEED'];
  const seeds =
    asked === undefined ? Array.from({ length: SEEDS }, (_, at) => at + 1) : [Number(asked)];
  let madeSafe = 0;
  for (const seed of seeds) {
    madeSafe += await play(seed, await openSite());
    const directory = await mkdtemp(join(tmpdir(), 'alarms-'));
    try {
      const site = await openSite();
      const files = openFileFlags({ directory, scope: SCOPE });
      await files.publish('shop', { sales: true }, { sales: false });
      await files.publish('mail', { digest: true }, { digest: false });
      site.ports.flags = files;
      site.ports.editor = files;
      madeSafe += await play(seed, site);
    } finally {
      // A write that its cap left behind may still be on its way.
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    }
  }
  // Or it would prove nothing: flags were made safe, again and again, and lifted between.
  expect(madeSafe).toBeGreaterThan(seeds.length);
}, 120_000);
