import { describe, expect, test } from 'vitest';
import { type FastPath, learn, NOTHING } from '../../client/knowledge.ts';
import { takeSnapshot } from '../../client/snapshot.ts';
import { formatOverride } from '../../src/model/flag-documents.ts';
import { logFileName } from '../../src/model/override-log.ts';
import type { FlagFiles } from '../../src/adapters/file/read-flag-files.ts';
import { liftedOverride, safeOverride, seededRandom } from '../contracts/flags.contract.ts';

const GROUPS = {
  base: { 'community.json': '{"posts":true}' },
  safe: { 'community.json': '{"posts":false}' },
};

/** Minutes after 03:00, growing with each word that is spoken. */
function openingAt(minute: number): string {
  const { since } = safeOverride(minute);
  return JSON.stringify({ state: 'open', since, by: 'alarm', reason: 'tripped', incident: 'inc1' });
}

describe.each([1, 2, 3, 4, 5, 6, 7, 8])('silence releases nothing (seed %i)', (seed) => {
  const random = seededRandom(seed);
  const happens = (share: number): boolean => random() < share;

  test('a flag that was seen held stays safe until a lift was seen', () => {
    let knowledge = NOTHING;
    const files: Record<string, string> = {};
    let mirror: Record<string, string> = {};
    let number = 0;
    let inForce = false;
    let held = false;
    let releases = 0;
    for (let minute = 1; minute < 300; minute += 1) {
      if (happens(0.2)) {
        const lifting: boolean = inForce && happens(0.5);
        const word = lifting ? liftedOverride(minute) : safeOverride(minute);
        number += 1;
        files[logFileName('inc1', number)] = formatOverride(word);
        // The mirror is told, or it is not.
        if (happens(0.6)) mirror['inc1'] = formatOverride(word);
        inForce = !lifting;
      }
      if (happens(0.1)) mirror = {};
      const seesFiles = happens(0.7);
      const overrides: FlagFiles['overrides'] = happens(0.2) ? {} : { ...files };
      const damaged = happens(0.2);
      const reading = {
        ...(seesFiles ? { files: { ...GROUPS, ...(damaged ? { safe: {} } : {}), overrides } } : {}),
        ...(happens(0.7)
          ? { fastPath: { epoch: `g${minute}:1`, breakers: {}, overrides: mirror } }
          : {}),
      };
      knowledge = learn(knowledge, reading);
      const snapshot = takeSnapshot(knowledge);
      const safe = !snapshot.flag('posts', false);
      // Whoever saw all that is stored must be exact, in both directions.
      const sawAll = seesFiles && number > 0 && Object.keys(overrides).length === number;
      if (sawAll && held && !inForce) releases += 1;
      const wanted = sawAll ? inForce : snapshot.safeState;
      expect([minute, snapshot.safeState]).toEqual([minute, wanted]);
      // The mirror may have told of the lift before the files did.
      held = wanted || (held && inForce);
      expect([minute, safe || !held]).toEqual([minute, true]);
    }
    expect(releases).toBeGreaterThan(0);
  });

  test('a breaker that was seen open stays open through restarts, until it is closed later', () => {
    let knowledge = NOTHING;
    let generation = 1;
    let counter = 0;
    let breakers: Record<string, string> = {};
    let backup: FastPath = { epoch: 'g1:0', breakers: {}, overrides: {} };
    const closings: number[] = [];
    for (let minute = 1; minute < 300; minute += 1) {
      const word = random();
      if (word < 0.1) {
        breakers = { stripe: openingAt(minute) };
        counter += 1;
      } else if (word < 0.2) {
        const { since } = safeOverride(minute);
        breakers = { stripe: JSON.stringify({ state: 'closed', since, by: 'dana' }) };
        counter += 1;
      }
      let fastPath: FastPath = { epoch: `g${generation}:${counter}`, breakers, overrides: {} };
      if (happens(0.1)) backup = fastPath;
      const restart = random();
      if (restart < 0.05) {
        generation += 1;
        counter = 0;
        breakers = {};
        fastPath = { epoch: happens(0.5) ? null : `g${generation}:0`, breakers, overrides: {} };
      } else if (restart < 0.1 && backup.epoch?.startsWith(`g${generation}:`)) {
        counter = Number(backup.epoch.split(':')[1]);
        breakers = { ...backup.breakers };
        fastPath = backup;
      }
      const before = takeSnapshot(knowledge).breaker('stripe');
      if (happens(0.8)) knowledge = learn(knowledge, { fastPath });
      const after = takeSnapshot(knowledge).breaker('stripe');
      if (before.state === 'open' && after.state === 'closed') {
        closings.push(Date.parse(after.since) - Date.parse(before.since));
      }
    }
    expect(closings.length).toBeGreaterThan(0);
    expect(Math.min(...closings)).toBeGreaterThan(0);
  });
});
