/**
 * The production that the scenarios deploy to: one file that says what is live, changed atomically.
 * It keeps a log of every real change, and refuses a holder that was overtaken, at the moment of
 * the change.
 *
 *     node place.ts preflight|deploy|current STATE [TAG COMMIT]
 *
 *     STATE/live.json     what is live
 *     STATE/starts.log    a line for every start of a deployment
 *     STATE/changes.log   a line for every real change: nothing else is proof
 *     STATE/trouble.json  how the next deployment goes wrong; used up by it
 *     STATE/only-commits  while it exists, `current` knows commits, and no tags
 *     STATE/garbled       while it exists, `current` answers nonsense
 *     STATE/words.json    further arguments of the last deployment, and DEPLOY_TOKEN
 *     STATE/go            lets a waiting deployment go on
 *     STATE/artefacts.json  answers of `preflight` other than yes, by tag: its exit code
 *
 * With DEPLOY_BY, somebody deploys by hand: no lease is asked for, and `current` names them.
 */

import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const [verb = '', state = '', tag = '', commit = '', ...words] = process.argv.slice(2);
const at = (name: string): string => join(state, name);
const textOf = (name: string, otherwise: string): string =>
  existsSync(at(name)) ? readFileSync(at(name), 'utf8') : otherwise;

switch (verb) {
  case 'preflight': {
    const code: unknown = new Map(Object.entries(jsonOf('artefacts.json'))).get(tag);
    if (typeof code === 'number') {
      console.error(
        code === 75 ? 'the registry does not answer' : 'the registry has no such image',
      );
      process.exitCode = code;
    }
    break;
  }
  case 'current':
    console.log(existsSync(at('garbled')) ? 'Segmentation fault (not)' : current());
    break;
  case 'deploy':
    process.exitCode = await deploy();
    break;
  default:
    process.exitCode = 64;
}

function current(): string {
  if (!existsSync(at('only-commits'))) return textOf('live.json', '');
  return String(new Map(Object.entries(jsonOf('live.json'))).get('commit'));
}

async function deploy(): Promise<number> {
  const fence = Number(process.env['BACKOUT_FENCE'] ?? 0);
  const incident = process.env['BACKOUT_INCIDENT'] ?? '';
  const told = { tag, fence, incident, pid: process.pid, at: new Date().toISOString() };
  const trouble = takeTrouble();
  appendFileSync(at('starts.log'), `${JSON.stringify(told)}\n`);
  if (words.length > 0) {
    writeFileSync(at('words.json'), JSON.stringify({ words, token: process.env['DEPLOY_TOKEN'] }));
  }
  if (trouble === 'fails') {
    console.error('no space left on device');
    return 1;
  }
  // Bounded, so that a broken test leaves nothing behind for ever.
  if (trouble === 'hangs') await sleep(60_000);
  if (trouble === 'waits') {
    for (let round = 0; round < 3_000 && !existsSync(at('go')); round += 1) await sleep(10);
  }
  const changed = await locked(() => {
    const by = process.env['DEPLOY_BY'];
    if (by === undefined) {
      const highest = Number(textOf('highest-fence', '0'));
      if (fence < highest) return undefined;
      writeFileSync(at('highest-fence'), String(fence));
    }
    const live: unknown = JSON.parse(textOf('live.json', '{}'));
    if (live !== null && typeof live === 'object' && 'tag' in live && live.tag === tag)
      return false;
    const hand = by === undefined ? {} : { by, how: 'place.ts deploy', at: told.at };
    writeFileSync(at('live.json.new'), JSON.stringify({ tag, commit, ...hand }));
    renameSync(at('live.json.new'), at('live.json'));
    appendFileSync(at('changes.log'), `${JSON.stringify(told)}\n`);
    return true;
  });
  if (changed === undefined) {
    console.error(`fence ${fence} is too old`);
    return 76;
  }
  if (trouble === 'works, then garbles') writeFileSync(at('garbled'), '');
  return trouble === 'works, then fails' ? 1 : 0;
}

function jsonOf(name: string): object {
  const value: unknown = JSON.parse(textOf(name, '{}'));
  return value !== null && typeof value === 'object' ? value : {};
}

function takeTrouble(): string {
  const text = textOf('trouble.json', '""');
  rmSync(at('trouble.json'), { force: true });
  return String(JSON.parse(text));
}

/** A folder is made by one process only. What is inside takes a millisecond and is never killed. */
async function locked<T>(work: () => T): Promise<T> {
  for (let round = 0; ; round += 1) {
    try {
      mkdirSync(at('lock'));
      break;
    } catch (error) {
      if (round > 1_000) throw error;
      await sleep(5);
    }
  }
  try {
    return work();
  } finally {
    rmdirSync(at('lock'));
  }
}
