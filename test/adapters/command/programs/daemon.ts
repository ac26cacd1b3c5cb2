/**
 * A service that two programs restart and look at, as a team might write them.
 *
 *     daemon.ts restart FOLDER | status FOLDER | serve FOLDER
 *
 * FOLDER/pid is the running process, FOLDER/starts has a line per start, FOLDER/trouble says what
 * goes wrong: `fail` (the restart says no), `hang`, `die` (what is started ends at once).
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isAlive } from '../../../support/until.ts';

const [, , what = '', folder = '.'] = process.argv;
const pidFile = join(folder, 'pid');
const trouble = existsSync(join(folder, 'trouble'))
  ? readFileSync(join(folder, 'trouble'), 'utf8').trim()
  : '';

async function running(): Promise<number | undefined> {
  if (!existsSync(pidFile)) return undefined;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  return (await isAlive(pid)) ? pid : undefined;
}

switch (what) {
  case 'serve':
    writeFileSync(pidFile, String(process.pid));
    appendFileSync(join(folder, 'starts'), `${process.pid}\n`);
    if (trouble === 'die') process.exit(1);
    // A test that was killed must not leave it behind for ever.
    setTimeout(() => process.exit(), 120_000);
    break;
  case 'status': {
    if (trouble === 'hang') await sleep(60_000);
    const pid = await running();
    process.stdout.write(pid === undefined ? 'no process\n' : `process ${pid}\n`);
    process.exitCode = pid === undefined ? 3 : 0;
    break;
  }
  case 'restart': {
    if (trouble === 'fail') {
      process.stderr.write('the port is taken\n');
      process.exit(1);
    }
    const old = await running();
    if (old !== undefined) process.kill(old, 'SIGKILL');
    while ((await running()) !== undefined) await sleep(5);
    rmSync(pidFile, { force: true });
    const program = fileURLToPath(import.meta.url);
    spawn(process.execPath, [program, 'serve', folder], {
      detached: true,
      stdio: 'ignore',
    }).unref();
    while (!existsSync(pidFile)) await sleep(5);
    break;
  }
  default:
    process.exitCode = 2;
}
