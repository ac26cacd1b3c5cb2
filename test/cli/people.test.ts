/** What people report and who leads, against a real journal and a channel that receives. */

import { createServer } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { testDatabase, testRedis } from '../support/services.ts';
import { openSite, type Run, type Site } from './support.ts';

const resources = new AsyncDisposableStack();
const received: z.infer<typeof message>[] = [];
let site: Site;
let hook: string;

const message = z.object({
  code: z.string(),
  key: z.string(),
  severity: z.string(),
  title: z.string(),
  lines: z.array(z.string()),
});
const answerShape = z.object({
  incident: z.string(),
  stored: z.string(),
  repeated: z.boolean(),
  opened: z.boolean(),
  decision: z.object({ decision: z.string(), count: z.number() }).optional(),
  told: z.array(z.string()).optional(),
  problems: z.array(z.string()),
});

const SAID = 'the cart is empty, says Jane Doe';
/** Nothing listens there. */
const NOWHERE = 'postgres://nobody@127.0.0.1:1/nothing';

const edit = (config: string): string => `${config}messages:
  commander: on-call lead
  channels: { pager: { kind: webhook, url: 'env:HOOK_URL' } }
`;

beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  const server = createServer((request, response) => {
    text(request).then(
      (body) => {
        received.push(message.parse(JSON.parse(body)));
        response.end();
      },
      () => response.writeHead(400).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  resources.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  hook = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/`;
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  site = resources.use(await openSite({ ...stores, service: redis.name, edit }));
  Object.assign(site.env, { HOOK_URL: hook });
});
afterAll(() => resources.disposeAsync());

const parse = ({ stdout }: Run) => answerShape.parse(JSON.parse(stdout));
const complain = async (id: string, more: string[] = [], env = {}) =>
  await site.call(['report', 'complaint', SAID, '--id', id, '--json', ...more], { env });
const of = (code: string) => received.filter((one) => one.code === code);
const unwrap = (words: string): string => words.replaceAll(/\s+/g, ' ');

describe('In one night', () => {
  let incident: string;

  test('the first complaint opens an incident, and says until when it is investigated.', async () => {
    const run = await site.call(['report', 'complaint', SAID, '--id', 'T-0']);
    expect(run.code).toBe(0);
    const said = unwrap(run.stdout);
    expect(said).toContain('INVESTIGATE: 1 user complaint within 30 min');
    expect(said).toContain('because none was open');
    expect(said).toContain('Told: now, through pager');
    expect(of('complaints-investigate')).toHaveLength(1);
    expect(of('complaints-investigate')[0]?.lines.join('\n')).toMatch(
      /A person decides at \d\d:\d\d UTC\.[^]*Commander: on-call lead/,
    );
    ({ incident } = parse(await complain('T-0')));
  });

  test('the same ticket counts once, and one made earlier counts from then.', async () => {
    expect(parse(await complain('T-0'))).toMatchObject({ repeated: true, decision: { count: 1 } });
    const earlier = new Date(Date.now() - 29 * 60_000).toISOString();
    const { decision } = parse(await complain('T-1', ['--at', earlier]));
    expect(decision).toEqual(expect.objectContaining({ count: 2 }));
  });

  test('who is assigned stands below the messages; the same name again changes nothing.', async () => {
    const assign = ['incident', 'assign', '--commander', 'maria'];
    const run = await site.call(assign);
    expect(run.code).toBe(0);
    expect(unwrap(run.stdout)).toContain(`maria leads incident ${incident} from now on.`);
    const again = await site.call([...assign, incident]);
    expect(again.code).toBe(0);
    expect(unwrap(again.stdout)).toContain('already: nothing was changed');
    expect(of('commander-assigned')).toHaveLength(1);
    expect(of('commander-assigned')[0]?.lines).toContain('Commander: maria');
    const shown = await site.call(['incident', 'show']);
    expect(shown.stdout).toMatch(/^Commander: maria$/m);
    expect(unwrap(shown.stdout)).toContain(`T-0: ${SAID}`);
  });

  test('with the tenth complaint, of several at the same moment, the commander is called once.', async () => {
    for (const id of ['T-2', 'T-3', 'T-4', 'T-5', 'T-6', 'T-7']) {
      expect(parse(await complain(id)).decision?.decision).toBe('investigate');
    }
    expect(of('complaints-page')).toEqual([]);
    const runs = await Promise.all(
      ['T-8', 'T-9', 'T-10', 'T-11'].map((id) =>
        site.run(['report', 'complaint', SAID, '--id', id, '--json']),
      ),
    );
    expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual(runs.map(() => [0, '']));
    expect(runs.filter((run) => parse(run).told !== undefined)).toHaveLength(1);
    const [page, ...more] = of('complaints-page');
    expect(more).toEqual([]);
    expect(page?.severity).toBe('page');
    expect(page?.lines).toEqual(
      expect.arrayContaining(['Call now: on_call, commander (maria).', 'Commander: maria']),
    );
    expect(parse(await complain('T-12'))).toMatchObject({
      incident,
      decision: { decision: 'page', count: 13 },
    });
    const run = await site.call(['report', 'complaint', '--id', 'T-12']);
    expect(unwrap(run.stdout)).toMatch(/CALL NOW: 13 .* People: on_call, commander \(maria\)/);
  });

  test('none of that switched anything off.', async () => {
    const flags = await site.call(['flags', 'list', '--json']);
    expect(JSON.parse(flags.stdout)).toMatchObject({ overrides: [] });
    const breakers = await site.call(['breakers', 'status', '--json']);
    expect(JSON.parse(breakers.stdout)).toMatchObject({ states: {} });
    expect(await site.changes()).toEqual([]);
  });

  test('an emergency and the draft of the postmortem name who leads, and nobody who complained.', async () => {
    const run = await site.run(['rollback', 'application', '--yes']);
    expect(run.code).toBe(0);
    const complete = of('rollback-complete');
    expect(complete).toHaveLength(1);
    const started = received.findIndex(({ code }) => code === 'rollback-started');
    for (const { lines } of received.slice(started)) expect(lines).toContain('Commander: maria');
    const emergency = await site.run(['emergency', '--incident', incident]);
    expect(emergency.code).toBe(0);
    expect(of('safe-state-on').at(-1)?.lines).toContain('Commander: maria');
    const drafts = [...(await site.files())].filter(([path]) => path.startsWith('postmortems/'));
    expect(drafts).toHaveLength(1);
    expect(drafts[0]?.[1]).toContain('- Commander: maria\n');
    expect(JSON.stringify([received, drafts])).not.toMatch(/Jane|empty/);
  });

  test('with the journal away a complaint waits here, and the count is unknown, never none.', async () => {
    const run = await site.run(['report', 'complaint', SAID, '--id', 'T-13'], {
      env: { JOURNAL_URL: NOWHERE },
    });
    expect(run.code).toBe(3);
    const said = unwrap(run.stdout);
    expect(said).toContain('HOW MANY COMPLAINTS THERE ARE IS NOT KNOWN');
    expect(said).toContain('Count: unknown, and not none');
    expect(said).not.toMatch(/\b0 (user )?complaints|\bnone was open/);
    const away = await complain('T-14', [], { JOURNAL_URL: NOWHERE });
    expect(away.code).toBe(3);
    expect(parse(away)).toMatchObject({ incident, stored: 'spool' });
    expect(parse(away).decision).toBeUndefined();
    // The next command carries them over, and then they count.
    expect(parse(await complain('T-14'))).toMatchObject({
      incident,
      repeated: true,
      stored: 'journal',
      decision: { count: 15 },
    });
  });

  test('an assignment is refused once the incident is closed, and a new complaint opens another.', async () => {
    const reset = await site.run(['breakers', 'reset']);
    expect(reset.code).toBe(0);
    const lift = await site.run([
      'flags',
      'lift',
      '--by',
      'maria',
      '--reason',
      'all is well again',
    ]);
    expect(lift.code).toBe(0);
    expect((await site.call(['incident', 'close'])).code).toBe(0);
    const assign = await site.call(['incident', 'assign', incident, '--commander', 'noor']);
    expect(assign.code).toBe(4);
    expect(assign.stderr).toContain('E_INCIDENT_CLOSED');
    const after = parse(await complain('T-15'));
    expect(after).toMatchObject({ opened: true, decision: { decision: 'page', count: 16 } });
    expect(after.incident).not.toBe(incident);
    // A ticket of the incident that is over opens nothing when it is sent again.
    expect(parse(await complain('T-3'))).toMatchObject({ incident, opened: false, repeated: true });
  });
});
