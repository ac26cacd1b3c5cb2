import type { Command } from 'commander';
import { formatEpoch } from '../../src/model/breaker.ts';
import { BackoutError } from '../../src/model/error.ts';
import {
  findIncident,
  newIncidentId,
  openIncident,
  requireIncident,
} from '../../src/operations/incidents.ts';
import { recoverBreakers } from '../../src/operations/recover.ts';
import { tripBreakers } from '../../src/operations/trip-breakers.ts';
import { checkReason } from '../../src/model/typed-text.ts';
import { type CommandContext, type GlobalOptions, withService } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import type { Runner } from '../program.ts';
import { countDown } from '../render/progress.ts';
import { labelled, nextLine, table } from '../render/text.ts';
import { formatInstant } from '../render/time.ts';

interface ChangeOptions extends GlobalOptions {
  incident?: string;
  reason?: string;
  isolate?: boolean;
}

export function addBreakers(program: Command, run: Runner): void {
  const breakers = program
    .command('breakers')
    .description('circuit breakers of external providers');
  breakers.command('status').description('state of each, in order of recovery').action(run(status));
  breakers
    .command('trip')
    .description('open some, or all')
    .argument('[providers...]', 'names (default: all)')
    .option('--isolate', 'hold them open until a person resets them by name')
    .option('--incident <id>', 'default: the open one, or a new one')
    .option('--reason <text>', 'what is broken, 10 to 2,000 characters')
    .action(run(trip));
  breakers
    .command('reset')
    .description('let calls through again, one provider after the other, watched')
    .argument('[providers...]', 'names (default: all that are open)')
    .option('--incident <id>', 'default: the open one')
    .action(run(reset));
}

/** Names that backout.yml has, in order of recovery. @throws BackoutError E_PROVIDER */
function chooseProviders({ service }: CommandContext, named: string[]): string[] {
  const all = Object.keys(service.config.breakers.providers);
  const unknown = named.filter((name) => !all.includes(name));
  if (unknown.length === 0)
    return named.length === 0 ? all : all.filter((name) => named.includes(name));
  throw new BackoutError({
    code: 'E_PROVIDER',
    kind: 'usage',
    message: `backout.yml has no provider ${unknown.map((name) => JSON.stringify(name)).join(', ')}.`,
    remedy: `Name some of: ${all.join(', ')}.`,
  });
}

async function status(options: GlobalOptions) {
  return await withService(options, { need: 'flags' }, async (context) => {
    const { epoch, states } = await context.service.ports.breakers.read();
    const head = ['  provider', 'state', 'why'];
    const rows = chooseProviders(context, []).map((provider) => {
      const state = states[provider];
      if (state === undefined) return [`  ${provider}`, 'closed', 'never opened'];
      const why = 'reason' in state ? `: ${state.reason}` : '';
      return [
        `  ${provider}`,
        state.state,
        `since ${formatInstant(state.since)} by ${state.by}${why}`,
      ];
    });
    const text = [
      `State ${formatEpoch(epoch)}`,
      rows.length === 0 ? '  none configured' : table([head, ...rows]),
    ];
    context.out.result({ epoch, states }, text.join('\n'));
    return EXIT.done;
  });
}

async function trip(named: string[], options: ChangeOptions) {
  return await withService(options, { need: 'flags', emergency: true }, async (context) => {
    const { service, user, out, again } = context;
    const providers = chooseProviders(context, named);
    const request = { actor: user, reason: checkReason(options.reason, user), rule: 'manual' };
    const found = await findIncident(service.ports, options.incident).catch(() => undefined);
    const incident = options.incident ?? found?.id ?? newIncidentId(service.ports);
    if (found === undefined) await openIncident(service.ports, incident, request);
    const isolate = options.isolate === true;
    const states = await tripBreakers(service.ports, { ...request, incident, providers, isolate });
    out.result(
      { incident, states },
      [
        labelled(isolate ? 'Held' : 'Open', providers.join(', ')),
        labelled('Note', 'Flags are as before: for the whole safe state use `backout emergency`.'),
        nextLine(again(`backout breakers reset --incident ${incident}`)),
      ].join('\n'),
    );
    return EXIT.done;
  });
}

async function reset(named: string[], options: ChangeOptions) {
  return await withService(options, { need: 'recover' }, async (context) => {
    const { service, user, out, again } = context;
    const { providers } = service.config.breakers;
    const wanted = chooseProviders(context, named).map((provider) => ({
      provider,
      sample: providers[provider]?.half_open_sample ?? 0,
      watchMs: providers[provider]?.watch ?? 0,
    }));
    const incident = await requireIncident(service.ports, options.incident);
    // Held open by a person: only a person who names it ends that.
    const releaseIsolated = named.length > 0;
    const { states } = await service.ports.breakers.read();
    const passing = releaseIsolated ? ['closed'] : ['closed', 'isolated'];
    const watchMs = wanted
      .filter(({ provider }) => !passing.includes(states[provider]?.state ?? 'closed'))
      .reduce((sum, { watchMs: one }) => sum + one, 0);
    using _ = countDown(out, service.ports.clock, 'Closing one breaker after the other', watchMs);
    const result = await recoverBreakers(service.ports, {
      incident: incident.id,
      actor: user,
      releaseIsolated,
      providers: wanted,
    });
    out.result(
      result,
      [
        labelled('Closed', result.closed.join(', ') || 'none'),
        ...result.left.map(({ provider, why }) =>
          labelled('Left', `${provider}: ${why}. Reset it by name to let calls through.`),
        ),
        ...result.problems.map((problem) => labelled('Problem', problem)),
        nextLine(
          again(
            result.outcome === 'done'
              ? `backout flags lift --incident ${incident.id} --by NAME --reason "…"`
              : 'backout breakers status',
          ),
        ),
      ].join('\n'),
    );
    return result.outcome === 'done' ? EXIT.done : EXIT.uncertain;
  });
}
