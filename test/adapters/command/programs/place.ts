/**
 * A place to deploy to, as deploy programs of teams are: a folder with `live` (what is live),
 * `published/<tag>` (what can be deployed) and `log` (every start and every change: the witness).
 *
 *     node place.ts <folder> preflight|deploy|current [tag] [commit]
 *
 * A file `behaviour` in the folder makes it fail: see the switch below.
 */

import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '', verb = '', tag = '', commit = ''] = process.argv.slice(2);
const { env } = process;
const read = (name: string): string =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8').trim() : '';
const log = (line: string): void => appendFileSync(join(folder, 'log'), `${line}\n`);
const behaviour = read('behaviour');

/** As a deploy program should: whoever was overtaken must not change anything any more. */
function setLive(): void {
  const fence = Number(env['BACKOUT_FENCE']);
  if (Number(read('fence')) > fence) {
    console.error(`lease ${read('fence')} was here, and this is ${fence}`);
    process.exit(76);
  }
  writeFileSync(join(folder, 'fence'), String(fence));
  writeFileSync(join(folder, 'live.new'), JSON.stringify({ tag, commit }));
  renameSync(join(folder, 'live.new'), join(folder, 'live'));
  log(`change ${tag} fence=${env['BACKOUT_FENCE']} incident=${env['BACKOUT_INCIDENT']}`);
}

/** Goes on as soon as the test has made the file `go`. */
function whenTold(goOn: () => void): void {
  const timer = setInterval(() => {
    if (!existsSync(join(folder, 'go'))) return;
    clearInterval(timer);
    goOn();
  }, 5);
}

function deploy(): void {
  log(`start ${tag} ${env['BACKOUT_TAG']} ${env['BACKOUT_COMMIT']} pid=${process.pid}`);
  switch (behaviour) {
    case '':
      return setLive();
    case 'hang':
      console.log('waiting for something that never comes');
      setInterval(() => undefined, 1_000);
      return;
    case 'stubborn': {
      // Ignores the polite signal, and so does the child it starts.
      process.on('SIGTERM', () => log('ignored SIGTERM'));
      const code = `process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000);`;
      const child = spawn(process.execPath, ['-e', code], { stdio: 'inherit' });
      log(`child pid=${child.pid}`);
      setInterval(() => undefined, 1_000);
      return;
    }
    case 'leaves-a-child': {
      const code = 'setInterval(() => undefined, 1000);';
      const child = spawn(process.execPath, ['-e', code], { stdio: 'inherit', detached: true });
      log(`child pid=${child.pid}`);
      child.unref();
      setLive();
      return;
    }
    case 'loud':
      for (let line = 0; line < 20_000; line += 1) console.log(`line ${line} of a lot of output`);
      console.error(`password is ${env['DB_PASSWORD']}, ${'x'.repeat(100_000)}`);
      console.error('the last line');
      process.exitCode = 1;
      return;
    case 'change-then-hang':
      setLive();
      setInterval(() => undefined, 1_000);
      return;
    case 'half':
      // Some of it is new, and what is live is neither the one nor the other.
      writeFileSync(join(folder, 'live'), `half of ${tag}, half of what was there`);
      console.error('the disk is full');
      process.exitCode = 1;
      return;
    case 'waits-then-changes':
      return whenTold(setLive);
    case 'changes-then-waits':
      setLive();
      return whenTold(() => undefined);
    case 'killed-with-child': {
      // Its child, in the same group, goes on when it is killed itself.
      const code = 'setInterval(() => undefined, 1000);';
      log(`child pid=${spawn(process.execPath, ['-e', code], { stdio: 'inherit' }).pid}`);
      process.kill(process.pid, 'SIGKILL');
      return;
    }
    case 'deploy-fails':
      console.error('the disk is full');
      process.exitCode = 1;
      return;
    case 'killed':
      process.kill(process.pid, 'SIGKILL');
      return;
    default:
      console.error(`ends with ${behaviour}`);
      process.exitCode = Number(behaviour);
  }
}

switch (verb) {
  case 'preflight':
    if (behaviour === 'hang') setInterval(() => undefined, 1_000);
    else if (!['', 'deploy-fails'].includes(behaviour)) process.exitCode = Number(behaviour);
    else if (read(`published-${tag}`) !== commit) {
      console.error(`there is no artefact of ${tag}`);
      process.exitCode = 1;
    }
    break;
  case 'deploy':
    deploy();
    break;
  case 'current':
    console.log(read('live') || 'nothing is live yet, sorry');
    break;
  default:
    process.exitCode = 64;
}
