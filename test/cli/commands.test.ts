import widthOf from 'string-width';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitCommand } from '../../src/model/shell.ts';
import { testDatabase, testRedis } from '../support/services.ts';
import { INCIDENT, REASON, STORY, WIDE, widen } from './story.ts';
import { openSite, type Run, type Site } from './support.ts';

/** Each command of the story with what it said; a person somewhere else than at UTC. */
const story: { name: string; run: Run; exit: number }[] = [];
const resources = new AsyncDisposableStack();
let site: Site;

beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  site = resources.use(await openSite({ ...stores, service: redis.name, edit: widen }));
  for (const { args, exit, health } of STORY) {
    if (health !== undefined) site.answer(health);
    const run = await site.run(args, { env: { TZ: 'Asia/Kolkata' } });
    story.push({ name: args.join(' ').slice(0, 60), run, exit });
  }
}, 120_000);
afterAll(() => resources.disposeAsync());

/** What the n-th command of the story that begins with this said. */
function said(start: string, nth = 0): string {
  const { run } = story.filter(({ name }) => name.startsWith(start))[nth] ?? {};
  if (run === undefined) throw new Error(`The story has no such command: ${start}`);
  return run.stdout;
}

/** The same with its lines joined: where a line breaks does not matter. */
function told(start: string, nth = 0): string {
  return said(start, nth).replaceAll(/\s+/g, ' ');
}

/** The command behind `Next:`, as a shell reads it. */
function pasted(text: string): string {
  const next = text.slice(text.indexOf('\nNext:') + '\nNext:'.length);
  return next.replaceAll('\\\n', '').trim().replaceAll(/ +/g, ' ');
}

/** One word of a command: it has spaces in its quotes, and a backslash behind it when it goes on. */
const isWord = (line: string): boolean => splitCommand(line.replace(/ \\$/, '')).length === 1;

describe('Of every command, in the course of an incident', () => {
  test('the exit code says how it ended.', () => {
    const wrong = story.filter(({ run, exit }) => run.code !== exit);
    expect(wrong).toEqual([]);
  });

  test('no line is wider than 80 columns, unless a single long word stands alone on it.', () => {
    const lines = story.flatMap(({ name, run }) =>
      `${run.stdout}\n${run.stderr}`.split('\n').map((line) => ({ name, line })),
    );
    const wide = lines.filter(
      ({ line }) => widthOf(line) > 80 && line.trim().includes(' ') && !isWord(line),
    );
    expect(wide).toEqual([]);
    expect(lines.length).toBeGreaterThan(300);
  });

  test('there are no control sequences when nobody watches on a terminal.', () => {
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    const control = /[\u0000-\u0009\u000b-\u001f]/;
    const coloured = story.filter(({ run }) => control.test(run.stdout + run.stderr));
    expect(coloured).toEqual([]);
  });

  test('no line ends in spaces.', () => {
    const lines = story.flatMap(({ run }) => run.stdout.split('\n'));
    expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
  });

  test('times are UTC, with the time where the person is beside them.', () => {
    const text = story
      .map(({ run }) => run.stdout + run.stderr)
      .join('\n')
      .replaceAll(/\s+/g, ' ');
    const times = text.match(/\b\d\d:\d\d:\d\d UTC/g) ?? [];
    const both = [
      ...text.matchAll(/\b(\d\d):(\d\d):\d\d UTC \((\d\d):(\d\d):\d\d here(, next day)?\)/g),
    ];
    expect(both.length).toBe(times.length);
    expect(times.length).toBeGreaterThan(30);
    for (const [, hour, minute, hereHour, hereMinute, nextDay] of both) {
      const utc = Number(hour) * 60 + Number(minute);
      const here = Number(hereHour) * 60 + Number(hereMinute) + (nextDay === undefined ? 0 : 1440);
      expect(here - utc).toBe(330);
    }
  });
});

describe('At 03:00 a person reads', () => {
  test('after an emergency: safe state on, not rolled back, what is off, how long it took, what next.', () => {
    const lines = said('emergency').split('\n');
    expect(lines[0]).toContain('SAFE STATE ON: ');
    expect(said('emergency')).toMatch(/^v1\.2\.0 is NOT rolled back\.$/m);
    expect(said('emergency')).toMatch(/^Off: {5}/m);
    expect(said('emergency')).toContain(`${WIDE('community_enabled')}=false`);
    expect(told('emergency')).toContain('stripe (open)');
    expect(said('emergency')).toMatch(/^Time: {4}\d+\.\d\d s of 30 s for level flags$/m);
    expect(pasted(said('emergency'))).toBe(`backout rollback application --incident ${INCIDENT}`);
  });

  test('the same after level flags, and nowhere that flags alone rolled anything back.', () => {
    expect(said('rollback flags')).toContain('v1.2.0 is NOT rolled back.');
    const flagsOnly = said('emergency') + said('rollback flags');
    expect(flagsOnly).not.toMatch(/rolled back(?<!NOT rolled back)/i);
  });

  test('which values the flags have, what holds them, and that the safe state is on.', () => {
    expect(said('flags list')).toMatch(/^Safe: {4}off$/m);
    const list = told('flags list', 1);
    expect(list).toContain(`page_size 10`);
    expect(list).toContain(`held safe by ${INCIDENT}; base 50`);
    expect(list).toMatch(/Safe: ON since \d{4}-\d\d-\d\d/);
    expect(told('flags set')).toContain(`It stays 10 while ${INCIDENT} holds it safe.`);
  });

  test('after a rollback that did not help: what is live, that the release is not the cause, what is off.', () => {
    const text = said('rollback application', 2);
    expect(text).toContain('ROLLED BACK to v1.1.0, STILL NOT HEALTHY');
    expect(text.replaceAll(/\s+/g, ' ')).toContain(
      'v1.1.0 is live and the checks still fail: v1.2.0 is probably not the cause.',
    );
    expect(text).toMatch(/^Live: {4}v1\.1\.0$/m);
    expect(text).toMatch(/^Held: {4}v1\.2\.0, so that nothing deploys it again$/m);
    expect(text).toMatch(/^Off: /m);
    expect(text).toMatch(/^Next:/m);
  });

  test('after a rollback that helped: to what, how long it took, where the draft is, how to recover.', () => {
    const text = said('incident resume');
    expect(text).toMatch(/^ROLLED BACK to v1\.1\.0: /);
    expect(text).toMatch(/^Draft:\s+\S+\/postmortems\/\S+\.md$/m);
    expect(text).toMatch(/^Next:\s+backout breakers reset/m);
  });

  test('what complaints mean, until when, and that a ticket counts once.', () => {
    const text = told('report complaint');
    expect(text).toContain(`INVESTIGATE: 1 user complaint within 30 min, incident ${INCIDENT}`);
    expect(text).toMatch(/Until: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC .*: then a person decides/);
    expect(text).toContain('People: on_call');
    expect(told('report complaint', 1)).toContain('counted before: it counts once');
  });

  test('who leads, what they were told, and what users said.', () => {
    expect(told('incident assign')).toContain(`${WIDE('maria')} leads incident`);
    expect(told('incident assign', 1)).toContain('already: nothing was changed');
    const text = told('incident show');
    expect(text).toContain(`Commander: ${WIDE('maria')}`);
    expect(text).toContain(`${WIDE('T-1')}: ${REASON.slice(0, 400).trim()}`);
  });

  test('the journal without what only repeats, and all of it when asked.', () => {
    const [short, all] = [said('incident show'), said('incident show --all')];
    // A wide line ends with the word: what is wide depends on the time of day.
    expect(short).not.toMatch(/\sintent\s/);
    expect(short).toMatch(/^\d+ entries only repeat these: --all shows them$/m);
    expect(all).toMatch(/\sintent\s/);
    expect(all).toMatch(/^Chain: {3}intact: \d+ entries, head [0-9a-f]{12}$/m);
  });

  test('who holds a breaker open, and that only its name ends that.', () => {
    expect(said('breakers status', 2)).toContain('isolated');
    const reset = told('breakers reset');
    expect(reset).toContain('Left: stripe: held open by');
    expect(reset).toContain('Reset it by name');
    expect(said('breakers reset stripe')).toMatch(/^Closed: {2}stripe$/m);
  });

  test('a next command that can be pasted as it stands.', () => {
    expect(pasted(said('breakers reset stripe'))).toBe(
      `backout flags lift --incident ${INCIDENT} --by NAME --reason "…"`,
    );
  });

  test('that the safe state is lifted and nothing is off any more.', () => {
    expect(said('flags lift', 1)).toMatch(/^SAFE STATE LIFTED: /);
    expect(said('flags lift', 1)).toMatch(/^Off: {5}nothing$/m);
    expect(told('incident close', 1)).toContain('is closed.');
  });

  test('reasons in full: nothing that a person wrote is cut off.', () => {
    expect(told('release list', 1)).toContain(`held: ${REASON.trim()}`);
    expect(told('check')).toContain(REASON.trim());
  });
});
