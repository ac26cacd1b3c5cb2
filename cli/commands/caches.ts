import type { Command } from 'commander';
import { planFlush } from '../../src/operations/plan-maintenance.ts';
import { choose } from '../choose.ts';
import { type GlobalOptions, withService } from '../context.ts';
import type { Runner } from '../program.ts';
import { carryOutMaintenance, type MaintenanceOptions } from '../maintenance.ts';

export function addCaches(program: Command, run: Runner): void {
  const caches = program.command('caches').description('caches of the service');
  caches
    .command('flush')
    .description('empty some, or all; what Backout keeps on the same server stays')
    .argument('[caches...]', 'names (default: all)')
    .option('--incident <id>', 'default: the open one, or the record of the month')
    .option('--reason <text>', 'why, 10 to 2,000 characters')
    .option('--yes', 'start without asking')
    .option('--dry-run', 'show the plan and stop')
    .action(run(flush));
}

async function flush(named: string[], options: MaintenanceOptions & GlobalOptions) {
  return await withService(options, { need: 'flush' }, async (context) => {
    const { ports } = context.service;
    const chosen = choose('E_CACHE', 'cache', ports.caches, named);
    const names = chosen.map(({ name }) => name).join(', ');
    return await carryOutMaintenance(context, options, {
      plan: planFlush(ports.facts, chosen),
      work: `empty the caches ${names}`,
      titles: { done: `CACHES EMPTIED: ${names}`, other: 'NOT ALL CACHES ARE EMPTY' },
    });
  });
}
