import type { Command } from 'commander';
import type { SelectedConfig } from '../../src/config/select.ts';
import { BackoutError } from '../../src/model/error.ts';
import { effectiveFlags } from '../../src/model/flags.ts';
import { type CanaryFlag, planFlagTest } from '../../src/operations/plan-maintenance.ts';
import { type CommandContext, type GlobalOptions, withService } from '../context.ts';
import { carryOutMaintenance } from '../maintenance.ts';
import type { Runner } from '../program.ts';

export function addFlagTest(flags: Command, run: Runner): void {
  flags
    .command('test')
    .description('switch the canary flag off and on, proven by the running service')
    .action(run(test));
}

async function test(options: GlobalOptions) {
  return await withService(options, { need: 'rehearse' }, async (context) => {
    const canary = findCanary(context.service.config);
    await requireSwitchable(context, canary);
    if (!context.service.ports.facts.fastPath) {
      context.out.line('Without Redis nobody can prove it: only the stored value is read back.');
    }
    return await carryOutMaintenance(
      context,
      { yes: true },
      {
        plan: planFlagTest(context.service.ports.facts, canary),
        work: `test the flag ${canary.name}`,
        titles: { done: 'FLAG TEST PASSED', other: 'FLAG TEST NOT PASSED' },
        announce: false,
      },
    );
  });
}

/** @throws BackoutError E_CANARY (usage) */
function findCanary({ flags }: SelectedConfig): CanaryFlag {
  for (const [group, { flags: all }] of Object.entries(flags.groups)) {
    for (const [name, flag] of Object.entries(all)) {
      if (!flag.canary || flag.safe === undefined) continue;
      return { group, name, default: flag.default, safe: flag.safe };
    }
  }
  throw new BackoutError({
    code: 'E_CANARY',
    kind: 'usage',
    message: 'No flag of backout.yml may be switched for a test.',
    remedy:
      'Add a flag that nothing reads, with `canary: true`, and publish it: `backout flags publish`.',
  });
}

/**
 * While the safe state holds it, switching it shows nothing; and nobody tests in an emergency.
 * @throws BackoutError E_SAFE_STATE_ON (refused), E_FLAG (usage)
 */
async function requireSwitchable({ service }: CommandContext, canary: CanaryFlag): Promise<void> {
  const flags = effectiveFlags(await service.ports.flags.read());
  const flag = flags.find(({ name }) => name === canary.name);
  if (flag === undefined) {
    throw new BackoutError({
      code: 'E_FLAG',
      kind: 'usage',
      message: `The flag ${canary.name} is not published yet.`,
      remedy: 'Publish the flags of backout.yml: `backout flags publish`.',
    });
  }
  if (flag.heldBy.length === 0) return;
  throw new BackoutError({
    code: 'E_SAFE_STATE_ON',
    kind: 'refused',
    message: `${canary.name} is held at its safe value by ${flag.heldBy.join(', ')}.`,
    remedy: 'Test again when the incident is over.',
  });
}
