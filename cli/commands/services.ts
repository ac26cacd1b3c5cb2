import type { Command } from 'commander';
import type { ServiceStatus } from '../../src/ports/services.ts';
import { planRestart } from '../../src/operations/plan-maintenance.ts';
import { choose } from '../choose.ts';
import { type CommandContext, type GlobalOptions, withService } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { carryOutMaintenance, type MaintenanceOptions } from '../maintenance.ts';
import type { Runner } from '../program.ts';
import { table } from '../render/text.ts';

/** Longest time for all of them to answer, in milliseconds: each has its own, shorter cap. */
const STATUS_CAP_MS = 10_000;

export function addServices(program: Command, run: Runner): void {
  const services = program.command('services').description('programs that keep running');
  services
    .command('status')
    .description('whether each is up')
    .argument('[services...]', 'names (default: all)')
    .action(run(status));
  services
    .command('restart')
    .description('restart one after another, each proven before the next is touched')
    .argument('[services...]', 'names (default: all)')
    .option('--incident <id>', 'default: the open one, or the record of the month')
    .option('--reason <text>', 'why, 10 to 2,000 characters')
    .option('--yes', 'start without asking')
    .option('--dry-run', 'show the plan and stop')
    .action(run(restart));
}

function chooseServices({ service }: CommandContext, named: string[]) {
  return choose('E_SERVICE', 'service', service.ports.services, named);
}

async function status(named: string[], options: GlobalOptions) {
  return await withService(options, { need: 'restart' }, async (context) => {
    const signal = AbortSignal.timeout(STATUS_CAP_MS);
    const services = await Promise.all(
      chooseServices(context, named).map(async (one) => ({
        name: one.name,
        kind: one.kind,
        ...(await one.status(signal)),
      })),
    );
    const rows = services.map(({ name, state, detail }) => [`  ${name}`, state, detail]);
    context.out.result({ services }, table([['  service', 'state', 'why'], ...rows]));
    return exitCodeOf(services);
  });
}

function exitCodeOf(all: readonly Pick<ServiceStatus, 'state'>[]): ExitCode {
  if (all.some(({ state }) => state === 'down')) return EXIT.failed;
  return all.some(({ state }) => state === 'unknown') ? EXIT.uncertain : EXIT.done;
}

async function restart(named: string[], options: MaintenanceOptions & GlobalOptions) {
  return await withService(options, { need: 'restart' }, async (context) => {
    const { config, ports } = context.service;
    const chosen = chooseServices(context, named);
    const names = chosen.map(({ name }) => name).join(', ');
    const facts = chosen.map(({ name }) => {
      const { check, timeout = 0 } = config.services[name] ?? {};
      return { name, timeoutMs: timeout, ...(check === undefined ? {} : { check }) };
    });
    return await carryOutMaintenance(context, options, {
      plan: planRestart(ports.facts, facts),
      work: `restart ${names}`,
      titles: { done: `RESTARTED: ${names}`, other: 'NOT ALL SERVICES ARE UP AND PROVEN' },
    });
  });
}
