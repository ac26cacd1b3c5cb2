import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import { readEvent } from '../../src/adapters/aws/events/read-event.ts';
import { unwrapEvent } from '../../src/adapters/aws/events/unwrap-event.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { selectEnvironment } from '../../src/config/select.ts';
import { type DecidedEvent, decideEvent } from '../../src/model/decided-event.ts';
import { BackoutError } from '../../src/model/error.ts';
import { readPastTime } from '../../src/model/typed-time.ts';
import { alarmSettings } from '../../src/wiring/alarm-settings.ts';
import { chooseEnvironment } from '../../src/wiring/choose-environment.ts';
import { findConfig } from '../../src/wiring/find-config.ts';
import type { GlobalOptions } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { openOutput } from '../output.ts';
import type { Runner } from '../program.ts';
import { renderDecided } from '../render/decided.ts';

interface DecideOptions extends GlobalOptions {
  event: string;
  at?: string;
}

/** As much as a function can be handed asynchronously, 1 MB, in bytes. */
const MOST_BYTES = 1_048_576;

export function addDecide(program: Command, run: Runner): void {
  program
    .command('decide')
    .description('what an event of the monitoring would lead to; changes nothing')
    .requiredOption('--event <file>', 'the event as JSON; "-" reads the standard input')
    .option('--at <time>', 'as if it were then, in UTC: 2026-11-23T03:12:00Z (default: now)')
    .action(run(decide));
}

async function decide(options: DecideOptions) {
  const out = openOutput(options.json === true, process);
  const { variables } = readEnvironment();
  const event = parseEvent(await readText(options.event), options.event);
  const found = await findConfig(options.config, process.cwd(), variables, 'use');
  for (const notice of found.notices) out.line(notice);
  const { config } = found.loaded;
  const selected = selectEnvironment(config, chooseEnvironment(config, options.environment));
  const clock = systemClock.now();
  const now =
    options.at === undefined ? clock : readPastTime(options.at, clock, 'Nothing was decided.');
  const settings = alarmSettings(selected);
  const decided = unwrapEvent(event).parcels.map((parcel) =>
    decideEvent(readEvent(parcel), settings, now),
  );
  const [first] = decided;
  out.result(decided.length === 1 ? first : decided, decided.map(shown).join('\n\n'));
  return EXIT.done;

  function shown(one: DecidedEvent): string {
    return renderDecided(one, selected.environment.name);
  }
}

async function readText(file: string): Promise<string> {
  try {
    return file === '-' ? await readAll(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    throw badEvent(`${file} cannot be read.`, error);
  }
}

function parseEvent(text: string, file: string): unknown {
  const name = file === '-' ? 'The standard input' : file;
  if (text.trim() === '') throw badEvent(`${name} is empty.`);
  if (Buffer.byteLength(text) > MOST_BYTES) {
    throw badEvent(`${name} is larger than ${MOST_BYTES} bytes, the most that an event can be.`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badEvent(`${name} is not JSON.`, error);
  }
}

function badEvent(message: string, cause?: unknown): BackoutError {
  return new BackoutError({
    code: 'E_EVENT',
    kind: 'usage',
    message,
    state: 'Nothing was decided, and nothing was changed.',
    remedy: 'Give the event as the function gets it, as one JSON document: --event FILE.',
    ...(cause === undefined ? {} : { cause }),
  });
}
