import { describe, expect, test } from 'vitest';
import { BY_HAND_SCRIPT } from '../../../src/adapters/redis/scripts.ts';
import type { ManualFacts, ManualStep } from '../../../src/operations/manual/facts.ts';
import { manualPlan } from '../../../src/operations/manual/manual-plan.ts';

const COMMIT = 'b'.repeat(40);

const FACTS: ManualFacts = {
  service: 'shop',
  environment: 'production',
  level: 'application',
  incident: '20261123-0300-abcdefgh',
  at: '2026-11-23T03:00:00.000Z',
  by: 'kim',
  reason: 'Orders fail since noon',
  flagsFolder: '/srv/my shop/.backout/flags/shop/production',
  groupsWithSafeValues: ['features'],
  running: undefined,
  fastPath: {
    variable: 'REDIS_URL',
    keys: { breakers: 'b', epoch: 'e', overrides: 'o', instances: 'i', changes: 'c' },
    script: BY_HAND_SCRIPT,
    generation: 'gen',
    providers: ['stripe'],
  },
  live: 'v1.2.0',
  release: { kind: 'known-good', tag: 'v1.1.0', commit: COMMIT },
  needsSecondPerson: false,
  liveIsRecorded: true,
  targets: [
    {
      name: 'web',
      commands: {
        preflight: ['./has', '{tag}'],
        deploy: [
          './deploy',
          '--to={tag}',
          '{commit} on {service}/{environment}/{target}',
          '{other}',
        ],
        current: ['./current', '{target}', '{tag}'],
      },
      cwd: '/srv/my shop',
      env: { TOKEN: 'DEPLOY_TOKEN' },
      fence: 7,
    },
    {
      name: 'worker',
      commands: { deploy: ['deploy-worker', '{tag}'], current: ['worker-now'] },
      cwd: '/srv',
      env: {},
      fence: 0,
    },
  ],
  checks: [],
  stages: [
    { name: 'now', afterMs: 0 },
    { name: 't+10', afterMs: 600_000 },
  ],
  bake: { durationMs: 600_000, everyMs: 15_000 },
  budgetMs: 300_000,
  footer: { runbook: 'https://wiki.example.com/runbook', commander: '@lee' },
  channels: ['incidents: slack #incidents'],
  contacts: ['database_admin, after 10m: @dba'],
  unknown: [],
};

const again = (command: string): string => `${command} -e production`;
const planWith = (facts: Partial<ManualFacts> = {}) => manualPlan({ ...FACTS, ...facts }, again);

function stepOf(start: string, facts: Partial<ManualFacts> = {}): ManualStep {
  const step = planWith(facts).steps.find(({ title }) => title.startsWith(start));
  if (step === undefined) throw new Error(`There is no step ${start}`);
  return step;
}

test('The steps go from safe to told to recovered, each target by itself and in order.', () => {
  expect(planWith().steps.map(({ title }) => title)).toEqual([
    'Put the flags to their safe values',
    'Open the circuit breakers',
    'Prove that v1.1.0 can be deployed',
    'Bring v1.1.0 to web',
    'Bring v1.1.0 to worker',
    'See that the service is well',
    'Tell people',
    'Keep v1.2.0 out',
    'When Backout can be reached again: tell it',
    'When the service is well: recover, with Backout',
  ]);
});

test('Level flags has no step about releases.', () => {
  const { steps } = planWith({ level: 'flags', release: undefined, targets: [] });
  expect(steps.map(({ title }) => title)).toEqual([
    'Put the flags to their safe values',
    'Open the circuit breakers',
    'See that the service is well',
    'Tell people',
    'When Backout can be reached again: tell it',
    'When the service is well: recover, with Backout',
  ]);
  expect(JSON.stringify(steps)).not.toMatch(/release (record|hold|good)/);
});

test('The same facts give the same plan.', () => {
  expect(planWith()).toEqual(planWith());
});

describe('A program', () => {
  test('gets its places filled in, its folder, and what the adapter would pass.', () => {
    expect(stepOf('Bring v1.1.0 to web').commands).toEqual([
      `(cd '/srv/my shop' && BACKOUT_TAG=v1.1.0 BACKOUT_COMMIT=${COMMIT} ` +
        'BACKOUT_INCIDENT=20261123-0300-abcdefgh BACKOUT_FENCE=7 TOKEN="${DEPLOY_TOKEN:?is not set here}" ' +
        `./deploy '--to=v1.1.0' '${COMMIT} on shop/production/web' '{other}')`,
    ]);
  });

  test('gets the artefact that was recorded; where none was, a person has to say it.', () => {
    const [web] = FACTS.targets;
    if (web === undefined) throw new Error('There is a target.');
    const deploy = ['./deploy', '--image={artefact}'];
    const targets = [{ ...web, commands: { ...web.commands, deploy } }];
    const commandWith = (artefacts: Record<string, string>): string => {
      const release = { ...FACTS.release, artefacts } as ManualFacts['release'];
      return stepOf('Bring v1.1.0', { targets, release }).commands.join();
    };
    expect(commandWith({ web: 'sha256:9f' })).toContain(
      'BACKOUT_ARTEFACT=sha256:9f BACKOUT_INCIDENT',
    );
    expect(commandWith({ web: 'sha256:9f' })).toContain(`./deploy '--image=sha256:9f')`);
    expect(commandWith({ api: 'sha256:9f' })).toContain(
      `./deploy '--image='"\${BACKOUT_CHOSEN_ARTEFACT:?`,
    );
  });

  test('that says what is live gets no release: it must not be told what to answer.', () => {
    expect(stepOf('Bring v1.1.0 to web').look).toEqual([
      `(cd '/srv/my shop' && TOKEN="\${DEPLOY_TOKEN:?is not set here}" ./current web '{tag}')`,
    ]);
  });

  test('without a chosen release refers to the choice, and refuses without one.', () => {
    const candidates = [{ tag: 'v1.1.0', commit: COMMIT, at: FACTS.at }];
    const choose = { release: { kind: 'choose' as const, why: 'nothing is known.', candidates } };
    const [deploy = ''] = stepOf('Bring the chosen release to web', choose).commands;
    expect(deploy).toContain(`'--to='"\${BACKOUT_CHOSEN_TAG:?choose a release first}"`);
    // Also a program that only reads its environment.
    expect(deploy).toContain('BACKOUT_TAG="${BACKOUT_CHOSEN_TAG:?choose a release first}"');
    expect(deploy).not.toContain('v1.1.0');
    const choice = stepOf('NOT PROVEN', choose);
    expect(choice.commands).toEqual([
      'unset BACKOUT_CHOSEN_TAG BACKOUT_CHOSEN_COMMIT BACKOUT_CHOSEN_ARTEFACT',
    ]);
    expect(choice.offers?.lines).toEqual([
      `BACKOUT_CHOSEN_TAG=v1.1.0 BACKOUT_CHOSEN_COMMIT=${COMMIT}`,
    ]);
    expect(JSON.stringify(stepOf('When Backout', choose))).toContain('backout release good TAG');
  });
});

test('A release without proof, and one that needs a second person, are marked where it is deployed.', () => {
  const release = { kind: 'named' as const, tag: 'v1.0.1', commit: COMMIT, proven: false };
  const { notes } = stepOf('Bring v1.0.1', { release, needsSecondPerson: true });
  expect(notes.join('\n')).toContain('NOT PROVEN');
  expect(notes.join('\n')).toContain('second person');
  expect(stepOf('Bring v1.1.0').notes.join('\n')).not.toMatch(/NOT PROVEN|second person/);
});

test('Without Redis, or without targets, a sentence says so and there is nothing to paste.', () => {
  const { fastPath: _gone, ...without } = FACTS;
  const plan = manualPlan({ ...without, targets: [] }, again);
  const breakers = plan.steps.find(({ title }) => title.includes('breakers'));
  expect([breakers?.why, breakers?.commands, breakers?.look]).toEqual([
    expect.stringContaining('no Redis'),
    [],
    [],
  ]);
  const deploy = plan.steps.find(({ title }) => title === 'Deploy');
  expect([deploy?.why, deploy?.commands]).toEqual([expect.stringContaining('no target'), []]);
});

test('Where the safe state is on already there is nothing to put, and it is what is mirrored.', () => {
  const running = {
    mode: 'safe' as const,
    incident: 'night-1',
    since: '2026-11-23T02:00:00.000Z',
    by: 'lee',
    rule: 'manual',
    reason: 'It began',
  };
  const facts = { running, incident: 'night-1' };
  expect(stepOf('See that the flags are safe', facts).commands).toEqual([]);
  expect(stepOf('Open the circuit breakers', facts).commands.join()).toContain('It began');
});

describe('Checks', () => {
  const http = {
    kind: 'http' as const,
    name: 'pay',
    url: 'https://shop.example.com/pay?a=b&c={d}',
    method: 'POST',
    headers: { authorization: { variable: 'PAY_KEY' } },
    body: { text: `{"a":"it's"}` },
    timeoutMs: 1_500,
    expect: { status: [200, 204], body_contains: 'ok', json: { '/a': 1 }, within: 300 },
  };

  test('are lines of curl, with what to expect in words, and secrets by name.', () => {
    const step = stepOf('See that', { checks: [http] });
    expect(step.look).toEqual([
      `curl -gsS -i -X POST -m 2 -H 'authorization: '"\${PAY_KEY:?is not set here}" ` +
        `-H 'content-type:' --data-raw '{"a":"it'\\''s"}' 'https://shop.example.com/pay?a=b&c={d}'`,
    ]);
    expect(step.notes).toEqual([
      'pay: status 200 or 204; the body contains "ok"; /a is 1; within 300 ms.',
    ]);
    expect(step.why).toContain('10 min');
    expect(step.why).toContain('15 s');
  });

  test('that are not asked while the safe state is on are named, not printed.', () => {
    const step = stepOf('See that', { checks: [{ ...http, expect: undefined }] });
    expect([step.look, step.expect]).toEqual([[], undefined]);
    expect(step.notes.join()).toContain('pay: not asked while the safe state is on');
  });

  test('of other kinds are things to try.', () => {
    const tries = ['try: order (POST /orders)', 'try: pay (POST /pay)'];
    const { notes } = stepOf('See that', { checks: [{ kind: 'words', name: 'buy', tries }] });
    expect(notes).toEqual(['buy: try: order (POST /orders)', 'buy: try: pay (POST /pay)']);
  });
});

test('The message has the facts of the initial alert, and channels and contacts are named.', () => {
  const { look, notes } = stepOf('Tell people');
  const message = look.join('\n');
  for (const part of ['ROLLBACK IN PROGRESS', 'v1.2.0 back to v1.1.0', FACTS.reason, '5 min']) {
    expect(message).toContain(part);
  }
  for (const part of [FACTS.incident, '@lee', 'wiki.example.com']) expect(message).toContain(part);
  expect(notes.join('\n')).toContain('#incidents');
  expect(notes.join('\n')).toContain('@dba');
});

const told = (facts: Partial<ManualFacts>) => stepOf('When Backout', facts).commands;

describe('Afterwards', () => {
  test('the bad release is held before the good one is recorded: the last recorded counts as live.', () => {
    expect(told({})).toEqual([
      "backout emergency --incident 20261123-0300-abcdefgh --reason 'Orders fail since noon' -e production",
      "backout release hold v1.2.0 --reason 'Orders fail since noon' -e production",
      'backout release record v1.1.0 -e production',
    ]);
  });

  test('where it may not be recorded, it is, so that it can be held.', () => {
    for (const liveIsRecorded of [undefined, false]) {
      expect(told({ liveIsRecorded })[1]).toMatch(/hold v1\.2\.0 .* \|\| \{ .*record v1\.2\.0/);
    }
  });

  test('what is not known is left to the person, and lifting always is.', () => {
    expect(told({ live: undefined }).join('\n')).not.toContain('hold');
    expect(stepOf('When Backout', { live: undefined }).offers?.lines.join()).toContain('BAD-TAG');
    const recover = stepOf('When the service is well');
    expect(recover.commands.join()).not.toContain('lift');
    expect(recover.offers?.lines[0]).toContain('--by NAME');
  });
});
