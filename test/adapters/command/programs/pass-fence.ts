/**
 * Passes the fence of target `web` as soon as the file `go` is there, and prints how it went.
 *
 *     node pass-fence.ts <folder> <fence>
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { passFence } from '../../../../src/adapters/command/fence.ts';
import { BackoutError } from '../../../../src/model/error.ts';

const [folder = '', fence = ''] = process.argv.slice(2);
console.log('ready');
while (!existsSync(join(folder, 'go'))) await sleep(1);
try {
  await passFence(folder, 'web', Number(fence));
  console.log('passed');
} catch (error) {
  console.log(error instanceof BackoutError ? error.code : String(error));
}
