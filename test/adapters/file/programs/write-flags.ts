/**
 * A writer for tests: `write-flags.ts DIRECTORY NAME engage|churn COUNT`. Prints a line for each
 * write after it was acknowledged.
 */

import { writeSync } from 'node:fs';
import { openFileFlags } from '../../../../src/adapters/file/flags.ts';

const [directory = '', name = '', mode = '', count = '1'] = process.argv.slice(2);
const flags = openFileFlags({ directory, scope: { service: 'shop', environment: 'test' } });
const say = (line: string): void => void writeSync(1, `${line}\n`);

say('started');
for (let index = 0; index < Number(count); index += 1) {
  const group = `${name}-${index}`;
  await flags.engage({
    mode: 'safe',
    incident: 'inc1',
    groups: [group],
    since: new Date().toISOString(),
    by: name,
    rule: 'test',
    reason: 'test',
  });
  say(group);
  if (mode === 'churn') await flags.setBase('counters', 'writes', index);
}
