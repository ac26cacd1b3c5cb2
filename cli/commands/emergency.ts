import type { Command } from 'commander';
import { BackoutError } from '../../src/model/error.ts';
import { makeSafe } from '../../src/operations/make-safe.ts';
import { mendWords } from '../check-input.ts';
import { type CommandContext, type GlobalOptions, withService } from '../context.ts';
import { exitCodeOfOutcome } from '../exit-code.ts';
import { liveNow } from '../live-now.ts';
import { renderResult } from '../render/result.ts';
import type { Runner } from '../program.ts';

interface EmergencyOptions extends GlobalOptions {
  reason?: string;
  incident?: string;
  rule?: string;
}

export function addEmergency(program: Command, run: Runner): void {
  program
    .command('emergency')
    .description('safe state now: flags to safe values, circuit breakers open')
    .option('--reason <text>', 'what is broken')
    .option(
      '--incident <id>',
      'the incident it belongs to (default: the running one, or a new one)',
    )
    .option('--rule <name>', 'only the flag groups and breakers of this rule of backout.yml')
    .action(run(emergency));
}

async function emergency(options: EmergencyOptions) {
  return await withService(options, { need: 'flags', emergency: true }, async (context) => {
    const { service, user, out } = context;
    const { reason, incident, notes } = mendWords(options, user);
    for (const note of notes) out.line(note);
    const { rule } = options;
    const facts = rule === undefined ? service.ports.facts : factsOfRule(context, rule);
    const result = await makeSafe(
      { ...service.ports, facts },
      {
        actor: user,
        reason,
        rule: rule ?? 'manual',
        ...(incident === undefined ? {} : { incident }),
      },
    );
    out.result(result, renderResult(result, await liveNow(context), context.again));
    return exitCodeOfOutcome(result.execution.outcome);
  });
}

function factsOfRule({ service }: CommandContext, name: string) {
  const { rules } = service.config;
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (rule !== undefined) return service.factsOf(rule);
  throw new BackoutError({
    code: 'E_RULE',
    kind: 'usage',
    message: `backout.yml has no rule ${JSON.stringify(name)}.`,
    remedy: `Leave --rule out to make everything safe, or name one of: ${Object.keys(rules).join(', ')}.`,
  });
}
