import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sealArtifact } from '../../examples/storefront/platform/artifact.ts';
import { readDoor } from '../../examples/storefront/platform/door.ts';
import { isAlive, until } from '../support/until.ts';
import { startTraffic } from '../../examples/storefront/traffic.ts';
import { type Workshop, commitOf, openShop, openWorkshop } from './support.ts';

let workshop: Workshop;

beforeAll(async () => {
  workshop = await openWorkshop();
});

afterAll(async () => {
  await workshop[Symbol.asyncDispose]();
});

/** An artefact of a release that was never built: `main` is its whole program. */
function plantArtifact(tag: string, main: string): string {
  const directory = join(workshop.built.artifacts, tag);
  mkdirSync(join(directory, 'service'), { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  writeFileSync(join(directory, 'service', 'main.ts'), main);
  sealArtifact(directory, tag, '0'.repeat(40));
  return directory;
}

describe('a deployment', () => {
  test('changes the release under traffic without losing a request', async () => {
    await using shop = await openShop(workshop);
    await shop.deploy('v1.0.0');
    await using traffic = startTraffic({ url: shop.supervisor.url });
    await traffic.firstResponseWith(({ release }) => release === 'v1.0.0');
    for (const tag of ['v1.1.0', 'v1.0.0', 'v1.1.0']) {
      const answered = traffic.firstResponseWith(({ release }) => release === tag);
      expect(await shop.deploy(tag)).toMatchObject({ code: 0 });
      await answered;
    }
    await traffic.stop();
    const seen = traffic.since(0);
    expect(seen.requests).toBeGreaterThan(50);
    expect(seen.errors).toBe(0);
  });

  test('keeps the old release serving when the new one does not start', async () => {
    await using shop = await openShop(workshop);
    await shop.deploy('v1.0.0');
    plantArtifact('v9.0.0', 'process.exit(3);');
    const exit = await shop.deploy('v9.0.0', 2);
    expect(exit.code).toBe(1);
    expect(exit.stderr).toMatch(/ended while it was starting/);
    expect((await shop.get('/health')).release).toBe('v1.0.0');
    expect(shop.deployments().map(({ tag }) => tag)).toEqual(['v1.0.0']);
  });

  test('of what is live is a no-op and is logged as one', async () => {
    await using shop = await openShop(workshop);
    await shop.deploy('v1.1.0', 3);
    await shop.deploy('v1.1.0', 4);
    const [first, second] = shop.deployments();
    expect(first).toMatchObject({ tag: 'v1.1.0', fence: 3, incident: 'inc-1' });
    expect(first).not.toHaveProperty('noop');
    expect(second).toMatchObject({ tag: 'v1.1.0', fence: 4, noop: true, pid: first?.pid });
  });

  test('of a release without artefact is refused and changes nothing', async () => {
    await using shop = await openShop(workshop);
    await shop.deploy('v1.0.0');
    const release = ['--tag', 'v7.0.0', '--commit', '0'.repeat(40)];
    const preflight = await shop.run(['preflight', ...release]);
    expect(preflight.code).toBe(1);
    expect(preflight.stderr).toMatch(/no usable artefact of v7\.0\.0/);
    expect((await shop.deploy('v7.0.0')).code).toBe(1);
    expect((await shop.get('/health')).release).toBe('v1.0.0');
  });

  test('of an artefact that was changed, or built from another commit, is refused', async () => {
    await using shop = await openShop(workshop);
    const directory = plantArtifact('v8.0.0', 'export {};');
    const wrongCommit = ['--tag', 'v8.0.0', '--commit', '1'.repeat(40)];
    const wrong = await shop.run(['preflight', ...wrongCommit]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('built from');
    writeFileSync(join(directory, 'service', 'main.ts'), 'export {}; // changed');
    const preflight = await shop.run(['preflight', '--tag', 'v8.0.0', '--commit', '0'.repeat(40)]);
    expect(preflight.code).toBe(1);
    expect(preflight.stderr).toContain('was changed');
    expect((await shop.deploy('v8.0.0')).code).toBe(1);
  });

  test('whose program is killed before the switch-over is not made', async () => {
    await using shop = await openShop(workshop);
    const directory = plantArtifact(
      'v9.1.0',
      `import { writeFileSync } from 'node:fs';
       writeFileSync('pid', String(process.pid));
       setInterval(() => {}, 1000);`,
    );
    const kill = new AbortController();
    const deploy = shop.deploy('v9.1.0', 1, kill.signal);
    const pidFile = join(directory, 'pid');
    await until('the new process to run', () => existsSync(pidFile));
    kill.abort();
    expect((await deploy).code).toBeNull();
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await until('the new process to be gone', async () => !(await isAlive(pid)));
    expect(shop.deployments()).toEqual([]);
    expect((await shop.deploy('v1.0.0')).code).toBe(0);
  });
});

describe('preflight and current', () => {
  test('prove that a release can be deployed, and tell what is live', async () => {
    await using shop = await openShop(workshop);
    expect(await shop.run(['current'])).toMatchObject({
      code: 75,
      stderr: 'deploy: no release is live\n',
    });
    const commit = commitOf(workshop, 'v1.1.0');
    expect((await shop.run(['preflight', '--tag', 'v1.1.0', '--commit', commit])).code).toBe(0);
    expect((await shop.get('/health')).status).toBe(503);
    await shop.deploy('v1.1.0');
    const current = await shop.run(['current']);
    expect(JSON.parse(current.stdout)).toEqual({ tag: 'v1.1.0', commit });
  });

  test('say "try again" when no supervisor answers', async () => {
    const shop = await openShop(workshop);
    await shop.supervisor.stop();
    expect((await shop.run(['current'])).code).toBe(75);
    expect((await shop.deploy('v1.0.0')).code).toBe(75);
  });
});

describe('a fence', () => {
  test('lower than the highest seen is refused, also after a restart', async () => {
    const stateDirectory = join(workshop.directory, 'fenced');
    {
      await using shop = await openShop(workshop, { stateDirectory });
      await shop.deploy('v1.0.0', 7);
      const late = await shop.deploy('v1.1.0', 6);
      expect(late.code).toBe(76);
      expect(late.stderr).toMatch(/fence 6 is refused: 7 was already here/);
    }
    await using shop = await openShop(workshop, { stateDirectory });
    expect((await shop.get('/health')).release).toBe('v1.0.0');
    expect((await shop.deploy('v1.1.0', 6)).code).toBe(76);
    expect((await shop.deploy('v1.1.0', 7)).code).toBe(0);
    expect(shop.deployments().map(({ tag }) => tag)).toEqual(['v1.0.0', 'v1.1.0']);
  });

  test('that arrives while an older call is at work stops the older one', async () => {
    await using shop = await openShop(workshop);
    const directory = plantArtifact(
      'v9.2.0',
      `import { existsSync, writeFileSync } from 'node:fs';
       import { createServer } from 'node:http';
       writeFileSync('started', '');
       const server = createServer((_, response) => response.end());
       const timer = setInterval(() => {
         if (!existsSync('go')) return;
         clearInterval(timer);
         server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
       }, 10);
       process.on('SIGTERM', () => process.exit());`,
    );
    const older = shop.deploy('v9.2.0', 1);
    await until('the older call to be at work', () => existsSync(join(directory, 'started')));
    const newer = shop.deploy('v1.1.0', 2);
    const memory = join(shop.stateDirectory, 'memory.json');
    await until('the newer call to arrive', () =>
      readFileSync(memory, 'utf8').includes('"highestFence":2'),
    );
    writeFileSync(join(directory, 'go'), '');
    expect((await older).code).toBe(76);
    expect((await newer).code).toBe(0);
    expect(shop.deployments().map(({ tag }) => tag)).toEqual(['v1.1.0']);
  });

  test('is needed to deploy', async () => {
    await using shop = await openShop(workshop);
    const commit = commitOf(workshop, 'v1.0.0');
    const exit = await shop.run(['deploy', '--tag', 'v1.0.0', '--commit', commit]);
    expect(exit.code).toBe(1);
    expect(exit.stderr).toContain('BACKOUT_FENCE');
  });
});

describe('processes of the storefront', () => {
  test('end when what started the supervisor is killed', async () => {
    const stateDirectory = join(workshop.directory, 'orphaned');
    const program = fileURLToPath(new URL('keep-supervisor.ts', import.meta.url));
    const args = [program, stateDirectory, workshop.built.artifacts];
    const parent = spawn(process.execPath, args, { stdio: 'ignore' });
    const door = join(stateDirectory, 'supervisor.json');
    await until('the supervisor to be ready', () => existsSync(door));
    const { pid } = readDoor(stateDirectory);
    expect(await isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until('the supervisor to be gone', async () => !(await isAlive(pid)));
  });

  test('end when the supervisor is killed, or stopped', async () => {
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await using shop = await openShop(workshop);
      await shop.deploy('v1.0.0');
      const [deployment] = shop.deployments();
      expect(await isAlive(deployment?.pid ?? 0)).toBe(true);
      process.kill(shop.supervisor.pid, signal);
      await until('the service to be gone', async () => !(await isAlive(deployment?.pid ?? 0)));
      await until('the supervisor to be gone', async () => !(await isAlive(shop.supervisor.pid)));
    }
  });

  test('that die are missed at once, and the same release starts a new one', async () => {
    await using shop = await openShop(workshop);
    await shop.deploy('v1.0.0');
    const pid = shop.deployments()[0]?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    await until('the front to notice', async () => (await shop.get('/health')).status === 503);
    expect((await shop.run(['current'])).code).toBe(75);
    expect((await shop.deploy('v1.0.0')).code).toBe(0);
    expect((await shop.get('/health')).status).toBe(200);
    expect(shop.deployments()[1]).not.toHaveProperty('noop');
  });

  test('take orders only from who can read the state folder', async () => {
    await using shop = await openShop(workshop);
    const path = join(shop.stateDirectory, 'supervisor.json');
    expect(statSync(path).mode & 0o077).toBe(0);
    const { controlPort } = readDoor(shop.stateDirectory);
    const url = `http://127.0.0.1:${controlPort}/current`;
    const refused = await fetch(url, { headers: { authorization: 'Bearer guessed' } });
    expect(refused.status).toBe(401);
  });
});
