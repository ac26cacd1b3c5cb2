/**
 * A worker that plays nothing: it answers as the test says. Arguments: a folder, and a script by
 * seed, as JSON: `{"10": "violate", "90": "die"}`.
 */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { blockSchema, type SeedBlock, type SeedReport } from '../seed-report.ts';

const [folder = '', script = '{}'] = process.argv.slice(2);
const deeds = z
  .record(
    z.string(),
    z.enum(['violate', 'violate-late', 'die', 'leave', 'talk-nonsense', 'play-less', 'hang']),
  )
  .parse(JSON.parse(script));

writeFileSync(join(folder, `worker-${process.pid}`), '');
process.on('disconnect', () => process.exit(1));
process.on('message', (message) => void answer(blockSchema.parse(message)));

async function answer(block: SeedBlock): Promise<void> {
  const report: SeedReport = { seeds: 0, played_ms: 0, events: 0, seconds: 0, violations: [] };
  for (let seed = block.from; seed < block.from + block.count; seed += 1) {
    report.seeds += 1;
    report.events += seed;
    const deed = deeds[seed];
    if (deed === 'die') process.kill(process.pid, 'SIGKILL');
    if (deed === 'leave') process.exit(0);
    if (deed === 'hang') return;
    if (deed === 'talk-nonsense') return void process.send?.({ violations: 'none' });
    if (deed === 'play-less') break;
    if (deed === undefined) continue;
    if (deed === 'violate-late') await anotherAnswer();
    report.violations.push({ seed, rule: 'I1', text: `seed ${seed}` });
    if (!block.keepGoing) break;
  }
  process.send?.(report);
}

/** Until the test says that another block was answered, however fast this machine is. */
async function anotherAnswer(): Promise<void> {
  while (!existsSync(join(folder, 'answered'))) await sleep(5);
}
