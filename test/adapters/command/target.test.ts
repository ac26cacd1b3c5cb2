import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandTarget } from '../../../src/adapters/command/target.ts';
import { BackoutError } from '../../../src/model/error.ts';
import { isAlive, until } from '../../support/until.ts';
import { BAD, GOOD, guard, place } from './place-fixture.ts';

const { signal } = new AbortController();

async function errorOf(work: Promise<unknown>): Promise<BackoutError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof BackoutError) return error;
  throw new Error('It should have thrown a BackoutError.', { cause: error });
}

describe('what the programs are given', () => {
  it('passes tag, commit, fence and incident as variables, and replaces them in arguments', async () => {
    await using web = await place();
    await web.target.apply(GOOD, guard(4));
    expect(web.log()[0]).toMatch(`start ${GOOD.tag} ${GOOD.tag} ${GOOD.commit} pid=`);
    expect(web.log()[1]).toBe(`change ${GOOD.tag} fence=4 incident=incident1`);
  });

  it('passes the recorded artefact as a variable and in arguments; asked for and not recorded, it refuses', async () => {
    await using web = await place();
    const said = join(web.folder, 'said');
    const code = `fs.writeFileSync(process.argv[1], process.argv[2] + ' ' + process.env.BACKOUT_ARTEFACT)`;
    const withArtefact = commandTarget({
      ...web.options,
      commands: {
        ...web.options.commands,
        deploy: [process.execPath, '-e', code, said, 'at-{artefact}'],
      },
    });
    const artefact = 'shop.example/api@sha256:9f';
    await withArtefact.apply({ ...GOOD, artefact }, guard(1));
    expect(await readFile(said, 'utf8')).toBe(`at-${artefact} ${artefact}`);
    const refused = { code: 'E_ARTEFACT_MISSING', kind: 'refused' };
    expect(await errorOf(withArtefact.preflight(GOOD))).toMatchObject(refused);
    expect(await errorOf(withArtefact.apply(GOOD, guard(1)))).toMatchObject(refused);
  });

  it('starts programs without a shell, so nothing in an argument is a command', async () => {
    await using web = await place();
    const target = commandTarget({
      ...web.options,
      places: { service: '$(touch owned); echo' },
      commands: {
        ...web.options.commands,
        current: [
          process.execPath,
          '-e',
          'console.log(process.argv[1])',
          '{service}{unknown}{tag}',
        ],
      },
    });
    const live = await target.current(signal);
    expect(live).toMatchObject({ known: false });
    expect(JSON.stringify(live)).toContain('$(touch owned); echo{unknown}{tag}');
  });

  it.each([
    { tag: '--force', commit: GOOD.commit, code: 'E_TAG_FORMAT' },
    { tag: '../v1', commit: GOOD.commit, code: 'E_TAG_FORMAT' },
    { tag: 'v1.0.0', commit: 'main', code: 'E_COMMIT_FORMAT' },
    { tag: 'v1.0.0', commit: '', code: 'E_COMMIT_FORMAT' },
    { ...GOOD, artefact: '--force', code: 'E_ARTEFACT_FORMAT' },
    { ...GOOD, artefact: '$(id)', code: 'E_ARTEFACT_FORMAT' },
  ])('refuses the release $tag $commit before any program starts', async ({ code, ...release }) => {
    await using web = await place();
    expect(await errorOf(web.target.apply(release, guard(1)))).toMatchObject({ code });
    expect(await errorOf(web.target.preflight(release))).toMatchObject({ code });
    expect(web.log()).toEqual([]);
  });
});

describe('what exit codes mean', () => {
  it.each([
    { exit: '1', kind: 'failed', retryable: false, code: 'E_DEPLOY' },
    { exit: '75', kind: 'failed', retryable: true, code: 'E_DEPLOY' },
    { exit: '76', kind: 'refused', retryable: false, code: 'E_FENCED' },
    { exit: '255', kind: 'failed', retryable: false, code: 'E_DEPLOY' },
  ])('reads $exit as $code, $kind', async ({ exit, code, kind, retryable }) => {
    await using web = await place();
    await web.behave(exit);
    const error = await errorOf(web.target.apply(GOOD, guard(1)));
    expect(error).toMatchObject({ code, kind, retryable });
    expect(error.message).toContain(`ends with ${exit}`);
    expect(error.remedy).not.toBe('');
  });

  it('calls a program that somebody killed uncertain', async () => {
    await using web = await place();
    await web.behave('killed');
    const error = await errorOf(web.target.apply(GOOD, guard(1)));
    expect(error).toMatchObject({ code: 'E_DEPLOY', kind: 'uncertain', retryable: true });
    expect(error.message).toContain('SIGKILL');
  });

  it('ends what a killed program had started, before anybody tries again', async () => {
    await using web = await place();
    await web.behave('killed-with-child');
    const error = await errorOf(web.target.apply(GOOD, guard(1)));
    expect(error).toMatchObject({ code: 'E_DEPLOY', kind: 'uncertain', retryable: true });
    expect(error.state).toContain('Nothing of it is running any more');
    const child = web.log().find((line) => line.startsWith('child'));
    expect(await isAlive(Number(child?.split('pid=')[1]))).toBe(false);
  });

  it('knows that a program that could not be started touched nothing', async () => {
    await using web = await place();
    const deploy = ['./no-such-program', '{tag}'];
    const target = commandTarget({
      ...web.options,
      commands: { ...web.options.commands, deploy },
    });
    const error = await errorOf(target.apply(GOOD, guard(1)));
    expect(error).toMatchObject({ code: 'E_DEPLOY', kind: 'failed' });
    expect(error.message).toContain('no-such-program');
    expect(error.state).toContain('was not touched');
  });

  it('takes no answer of preflight for no answer', async () => {
    await using hanging = await place({ readTimeoutMs: 300 });
    await hanging.behave('hang');
    expect(await errorOf(hanging.target.preflight(GOOD))).toMatchObject({
      code: 'E_PREFLIGHT',
      retryable: true,
    });
    await using web = await place();
    await web.behave('75');
    expect(await errorOf(web.target.preflight(GOOD))).toMatchObject({ code: 'E_PREFLIGHT' });
    await web.behave('3');
    expect(await errorOf(web.target.preflight(GOOD))).toMatchObject({ code: 'E_ARTEFACT_MISSING' });
  });

  it('takes the release to be there when no preflight is configured', async () => {
    await using web = await place();
    const { preflight: _, ...commands } = web.options.commands;
    await expect(
      commandTarget({ ...web.options, commands }).preflight(GOOD),
    ).resolves.toBeUndefined();
  });
});

describe('ending a deploy', () => {
  it('ends a program at its timeout, and nothing of it is left', async () => {
    await using web = await place({ timeoutMs: 3_000 });
    await web.behave('hang');
    const error = await errorOf(web.target.apply(GOOD, guard(1)));
    expect(error).toMatchObject({ code: 'E_DEPLOY', kind: 'uncertain', retryable: true });
    expect(error.message).toContain('waiting for something that never comes');
    expect(error.state).toContain('Nothing of it is running any more');
    expect(await isAlive(Number(web.log()[0]?.split('pid=')[1]))).toBe(false);
  });

  it('kills a program and its children that ignore the polite signal', async () => {
    await using web = await place();
    await web.behave('stubborn');
    const abort = new AbortController();
    const failing = errorOf(web.target.apply(GOOD, guard(1, abort.signal)));
    const pids = (): number[] =>
      web.log().flatMap((line) => (line.includes('pid=') ? [Number(line.split('pid=')[1])] : []));
    await until('both have started', () => pids().length === 2);
    abort.abort();
    const error = await failing;
    expect(error).toMatchObject({ code: 'E_DEPLOY', kind: 'uncertain' });
    expect(error.state).toContain('Nothing of it is running any more');
    expect(web.log()).toContain('ignored SIGTERM');
    for (const pid of pids()) expect(await isAlive(pid)).toBe(false);
  });

  it('starts nothing when the time is over already', async () => {
    await using web = await place();
    const error = await errorOf(web.target.apply(GOOD, guard(1, AbortSignal.abort())));
    expect(error).toMatchObject({ code: 'E_DEPLOY' });
    expect(error.state).toContain('not touched');
    expect(web.log()).toEqual([]);
  });

  it('does not wait for a server that a good deploy left running', async () => {
    await using web = await place();
    await web.behave('leaves-a-child');
    await web.target.apply(GOOD, guard(1));
    const child = Number(
      web
        .log()
        .find((line) => line.startsWith('child'))
        ?.split('pid=')[1],
    );
    expect(await isAlive(child)).toBe(true);
  });
});

describe('output', () => {
  it('keeps the last 4 KB, hides secrets, and streams every line', async () => {
    const lines: string[] = [];
    await using web = await place({
      env: { DB_PASSWORD: 'hunter2-hunter2' },
      secrets: ['hunter2-hunter2', 'x'],
      onOutput: (line) => lines.push(line),
    });
    await web.behave('loud');
    const error = await errorOf(web.target.apply(GOOD, guard(1)));
    expect(error.message.length).toBeLessThan(5_000);
    expect(error.message).toContain('the last line');
    expect(JSON.stringify(error)).not.toContain('hunter2');
    expect(lines.join('\n')).not.toContain('hunter2');
    expect(lines.some((line) => line.startsWith('password is ***, xxx'))).toBe(true);
    expect(lines.filter((line) => line.endsWith('of a lot of output'))).toHaveLength(20_000);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(9_000);
  });
});

describe('what is live', () => {
  it.each([
    ['v1.1.0', { known: true, tag: 'v1.1.0' }],
    ['  v1.1.0 \r\n\n', { known: true, tag: 'v1.1.0' }],
    ['api/v2025.01.12', { known: true, tag: 'api/v2025.01.12' }],
    [JSON.stringify({ tag: 'v1.1.0' }), { known: true, tag: 'v1.1.0' }],
    [JSON.stringify({ ...GOOD, since: 'monday' }), { known: true, ...GOOD }],
    [JSON.stringify({ tag: 'v1.1.0', commit: 'abc1234' }), { known: false }],
    [JSON.stringify({ tag: '--force' }), { known: false }],
    [JSON.stringify({ version: 'v1.1.0' }), { known: false }],
    ['{"tag": "v1.1.0"', { known: false }],
    ['warning: cache is old\nv1.1.0', { known: false }],
    ['v1.1.0 (deployed by kim)', { known: false }],
    ['null', { known: true, tag: 'null' }],
    ['<html>502</html>', { known: false }],
    ['\u0000\u0001', { known: false }],
  ])('reads %j', async (printed, expected) => {
    await using web = await place();
    await web.makeLive(printed);
    expect(await web.target.current(signal)).toMatchObject(expected);
  });

  it.each([
    [
      { by: 'kim', how: 'make deploy', at: '2026-01-03T09:00:00+01:00' },
      '2026-01-03T08:00:00.000Z',
    ],
    [{ by: '  ', how: 7, at: 'yesterday' }, undefined],
    [{}, undefined],
  ])('reads who changed it beside the tag: %j', async (more, at) => {
    await using web = await place();
    await web.makeLive(JSON.stringify({ ...GOOD, ...more }));
    expect(await web.target.current(signal)).toMatchObject({ known: true, ...GOOD });
    const expected = at === undefined ? undefined : { by: 'kim', how: 'make deploy', at };
    expect(await web.target.lastChange?.(signal)).toEqual(expected);
  });

  it('knows nobody who changed it when the program prints a tag only, or fails', async () => {
    await using web = await place();
    await web.makeLive('v1.1.0');
    expect(await web.target.lastChange?.(signal)).toBeUndefined();
    const current = [process.execPath, '-e', 'console.log(\'{"by":"kim"}\'); process.exit(1)'];
    const failing = commandTarget({
      ...web.options,
      commands: { ...web.options.commands, current },
    });
    expect(await failing.lastChange?.(signal)).toBeUndefined();
  });

  it('cannot tell when the program fails, hangs or is not there', async () => {
    await using web = await place({ readTimeoutMs: 500 });
    const programs = [
      [process.execPath, '-e', 'console.log("v1.1.0"); process.exit(1)'],
      [process.execPath, '-e', 'console.log("v1.1.0"); setInterval(() => 0, 1000)'],
      ['./no-such-program'],
      [],
    ];
    for (const current of programs) {
      const commands = { ...web.options.commands, current };
      const live = await commandTarget({ ...web.options, commands }).current(signal);
      expect(live.known).toBe(false);
    }
  });

  it('deploys when it cannot tell what is live', async () => {
    await using web = await place();
    await web.makeLive('something odd happened');
    await web.target.apply(GOOD, guard(1));
    expect(await web.target.current(signal)).toMatchObject({ known: true, tag: GOOD.tag });
  });
});

describe('the fence', () => {
  it('holds for a process that starts anew over the same folder', async () => {
    await using web = await place();
    await web.target.apply(GOOD, guard(41));
    await expect(commandTarget(web.options).apply(BAD, guard(40))).rejects.toMatchObject({
      code: 'E_FENCED',
    });
    await commandTarget(web.options).apply(BAD, guard(100));
    expect(web.log().filter((line) => line.startsWith('change'))).toHaveLength(2);
  });

  it('lets through the highest of many holders at once, and every holder only once overtaken', async () => {
    await using web = await place();
    const fences = Array.from({ length: 12 }, (_, index) => index + 1);
    const results = await Promise.allSettled(
      fences.map((fence) => commandTarget(web.options).apply(GOOD, guard(fence))),
    );
    expect(results.at(-1)?.status).toBe('fulfilled');
    await expect(web.target.apply(BAD, guard(11))).rejects.toMatchObject({ code: 'E_FENCED' });
  });

  it('says no when it cannot tell', async () => {
    await using web = await place();
    await mkdir(join(web.folder, 'state'));
    await writeFile(join(web.folder, 'state', 'web.fence'), 'a file where the folder should be');
    const error = await errorOf(web.target.apply(GOOD, guard(1)));
    expect(error).toMatchObject({ code: 'E_FENCE', kind: 'refused' });
    expect(web.log()).toEqual([]);
  });

  it.each([-1, 1.5, Number.NaN])('refuses %d as a lease number', async (fence) => {
    await using web = await place();
    expect(await errorOf(web.target.apply(GOOD, guard(fence)))).toMatchObject({ code: 'E_FENCE' });
  });
});
