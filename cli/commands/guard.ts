import type { Command } from 'commander';
import { readEnvironment } from '../../src/config/environment.ts';
import { parseDuration } from '../../src/config/values.ts';
import { BackoutError, describeCause } from '../../src/model/error.ts';
import { guardPorts } from '../../src/operations/guard-ports.ts';
import { type GuardLook, lookAtReleases } from '../../src/operations/guard-releases.ts';
import { newMemory } from '../../src/operations/guard-situation.ts';
import { watchReleases } from '../../src/operations/watch-releases.ts';
import { buildHistory } from '../../src/wiring/build-history.ts';
import { type CommandContext, type GlobalOptions, withService } from '../context.ts';
import { EXIT, exitCodeOfVerdict } from '../exit-code.ts';
import type { Runner } from '../program.ts';
import { renderChange, renderLook, renderStandBy } from '../render/guard.ts';
import { labelled, nextLine } from '../render/text.ts';

interface GuardOptions extends GlobalOptions {
  watch?: boolean;
  every?: string;
}

/** Between two looks, in milliseconds. A target is asked each time: more often helps nobody. */
const SHORTEST_MS = 1_000;
const LONGEST_MS = 3_600_000;

export function addGuard(program: Command, run: Runner): void {
  program
    .command('guard')
    .description('look whether a held release is back, tell people, and change nothing')
    .option('--watch', 'look again and again until stopped; of several processes one does it')
    .option('--every <duration>', 'with --watch: the time between two looks')
    .action(run(guard));
}

async function guard(options: GuardOptions) {
  const asked = options.every === undefined ? undefined : readEvery(options.every);
  return await withService(options, { need: 'assess' }, async (context) => {
    const { service, out, again } = context;
    if (options.watch === true) return await watch(context, asked ?? service.config.guard.every);
    const look = await lookAtReleases(portsOf(service), newMemory());
    out.result(look, renderLook(look, again));
    return exitCodeOfVerdict(look.verdict);
  });
}

/** Says what changes from one look to the next: a line a minute would be read by nobody. */
async function watch({ service, out, again }: CommandContext, everyMs: number) {
  const { ports } = service;
  let last = new Set<string>();
  const show = (look: GuardLook): void => {
    const lines = [
      ...look.findings.map((found) => ({
        line: renderChange(look, found),
        text: `${found.target} ${found.text}`,
      })),
      ...look.problems.map((text) => ({ line: labelled('Problem', text), text })),
    ];
    for (const { line, text } of lines) if (!last.has(text)) out.line(line);
    last = new Set(lines.map(({ text }) => text));
    for (const { account, command } of look.back) {
      if (account === undefined) continue;
      for (const line of account.lines) out.line(labelled('Who', line));
      out.line(nextLine(again(command)));
    }
  };
  const { looks } = await watchReleases(portsOf(service), {
    everyMs,
    signal: ports.interrupted ?? new AbortController().signal,
    onTurn: (turn) => {
      const who = `${ports.settings.holder} watches ${ports.scope.service}`;
      if (turn.leased)
        return out.line(`${who} ${ports.scope.environment}, every ${everyMs / 1000} s.`);
      out.line(`${who}, and cannot make sure that nobody else does: ${turn.problem}`);
    },
    onStandBy: (owner) => out.line(renderStandBy(owner?.holder, owner?.expiresAt)),
    async onLook(look) {
      show(look);
      // What could only be spooled enters the journal as soon as it is back.
      await service.drain().catch((error: unknown) => {
        out.line(labelled('Problem', `Journal entries wait here: ${describeCause(error)}`));
      });
    },
  });
  out.result({ looks }, `Stopped after ${looks === 1 ? '1 look' : `${looks} looks`}.`);
  return EXIT.done;
}

function portsOf({ ports, config }: CommandContext['service']) {
  return guardPorts(ports, buildHistory(config, readEnvironment().variables));
}

/** @throws BackoutError E_USAGE */
function readEvery(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= SHORTEST_MS && ms <= LONGEST_MS) return ms;
  throw new BackoutError({
    code: 'E_USAGE',
    kind: 'usage',
    message: `--every ${JSON.stringify(text.slice(0, 40))} is no time from 1s to 1h.`,
    remedy: 'Give it with its unit: --every 1m.',
  });
}
