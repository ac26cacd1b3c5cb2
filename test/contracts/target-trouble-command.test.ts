import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandTarget } from '../../src/adapters/command/target.ts';
import { place } from '../adapters/command/place-fixture.ts';
import { until } from '../support/until.ts';
import {
  BAD,
  FAILED,
  GOOD,
  guard,
  NEVER_LET_IN,
  OVERTAKEN,
  targetTroubleContract,
  THEIRS,
  TOO_FAST,
  UNCERTAIN,
} from './target-trouble.contract.ts';

/** A folder that programs deploy to; what they wrote into its log is the witness. */
async function folder() {
  const at = await place();
  for (const release of [GOOD, BAD, THEIRS]) await at.publish(release);
  await at.makeLive(JSON.stringify(BAD));
  const lines = (start: string): string[] => at.log().filter((line) => line.startsWith(start));
  const effects = (): string[] => lines('change ').map((line) => line.split(' ')[1] ?? '');
  const { preflight: _, ...commands } = at.options.commands;
  return {
    ...at,
    another: () => commandTarget(at.options),
    /** As on another machine, with a memory of its own. */
    elsewhere: () => commandTarget({ ...at.options, stateDirectory: join(at.folder, 'other') }),
    effects,
    starts: () => lines('start ').length,
    started: () => until('the program runs', () => lines('start ').length === 1),
    changed: () => until('it is changed', () => effects().length === 1),
    goOn: () => writeFile(join(at.folder, 'go'), ''),
    settings: {
      target: { kind: 'command', ...commands },
      stateDirectory: join(at.folder, 'state'),
      variables: {},
    },
  };
}

targetTroubleContract('command', folder, {
  // The deploy program compares the lease number at the thing that it changes.
  'a newer rollback that takes over in the middle': {
    begin: (at) => at.behave('waits-then-changes'),
    async meanwhile(at) {
      await at.started();
      await at.behave('');
      await at.elsewhere().apply(THEIRS, guard(9));
      await at.goOn();
    },
    ...OVERTAKEN,
  },
  // Without a lease nothing holds it up: the reading back shows it.
  'a deployment by somebody else in the middle': {
    begin: (at) => at.behave('changes-then-waits'),
    async meanwhile(at) {
      await at.changed();
      await at.makeLive(JSON.stringify(THEIRS));
      await at.goOn();
    },
    live: THEIRS,
    effects: [GOOD.tag],
    resumed: [GOOD.tag, GOOD.tag],
  },
  // A program that ends with 75 asks to be tried again later. Whoever runs the plan does that.
  'throttling that ends': {
    begin: (at) => at.behave('75'),
    ends: TOO_FAST,
    live: BAD,
    effects: [],
    tries: { of: (at) => at.starts(), are: 1 },
    end: (at) => at.behave(''),
    resumed: [GOOD.tag],
  },
  'throttling without end': {
    begin: (at) => at.behave('75'),
    ...NEVER_LET_IN,
    tries: { of: (at) => at.starts(), are: 1 },
  },
  'a partial failure': {
    begin: (at) => at.behave('half'),
    ends: FAILED,
    live: undefined,
    effects: [],
    end: (at) => at.behave(''),
    resumed: [GOOD.tag],
  },
  'a timeout after the change was made': {
    begin: (at) => at.behave('change-then-hang'),
    cutAt: (at) => at.changed(),
    ends: UNCERTAIN,
    live: GOOD,
    effects: [GOOD.tag],
    resumed: [GOOD.tag],
  },
  'a kill in the middle': {
    begin: (at) => at.behave('change-then-hang'),
    cutAt: (at) => at.changed(),
    live: GOOD,
    effects: [GOOD.tag],
    resumed: [GOOD.tag],
  },
});
