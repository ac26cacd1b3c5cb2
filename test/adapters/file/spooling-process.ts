/**
 * A process that spools entries until it is killed: `spooling-process.ts <folder> <name>`. It prints
 * the key of an entry once `append` has said that the entry is safe.
 */

import { memoryJournal } from '../../../src/adapters/memory/journal.ts';
import { spoolingJournal } from '../../../src/adapters/file/spool.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import { BackoutError } from '../../../src/model/error.ts';

const [folder = '', name = ''] = process.argv.slice(2);
const down = new BackoutError({
  code: 'E_JOURNAL_UNREACHABLE',
  message: 'The journal is down.',
  remedy: 'Start it.',
  retryable: true,
});
const journal = spoolingJournal({
  primary: { ...memoryJournal(), append: () => Promise.reject(down) },
  spoolDirectory: folder,
  clock: systemClock,
  mode: 'spool-first',
});

for (let index = 0; ; index += 1) {
  const key = `${name}-${index}`;
  await journal.append({
    service: 'storefront',
    environment: 'production',
    incident: 'inc00001',
    key,
    kind: 'note',
    at: new Date(systemClock.now()).toISOString(),
    actor: name,
    text: 'x'.repeat(20_000),
    data: { index },
  });
  process.stdout.write(`${key}\n`);
}
