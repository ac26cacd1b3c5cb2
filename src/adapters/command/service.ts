import type { EnvironmentVariables } from '../../config/environment.ts';
import { BackoutError } from '../../model/error.ts';
import type { ManagedService } from '../../ports/services.ts';
import { notProven } from './explain.ts';
import { type CommandEnd, runCommand } from './run-command.ts';

export interface CommandServiceOptions {
  name: string;
  /** Program and arguments; no shell reads them. May run twice. */
  restart: readonly string[];
  /** Exits 0 when the service is up, with anything else when it is down. */
  status: readonly string[];
  cwd: string;
  env: EnvironmentVariables;
  /** Longest time for a restart, in milliseconds. */
  timeoutMs: number;
}

/** A question about a process of this machine takes no longer, in milliseconds. */
export const STATUS_CAP_MS = 5_000;
/** What `env`, `timeout` and shells answer when the program behind them cannot be run (POSIX). */
const NOT_RUN = [126, 127];

/** A service that two programs of its owner restart and look at. */
export function commandService(options: CommandServiceOptions): ManagedService {
  const { name, restart, status, cwd, env, timeoutMs } = options;
  const run = (argv: readonly string[], ms: number, signal: AbortSignal): Promise<CommandEnd> =>
    runCommand({ argv, cwd, env, secrets: [], timeoutMs: ms, signal });
  return {
    name,
    kind: 'command',
    async status(signal) {
      const end = await run(status, STATUS_CAP_MS, signal);
      const detail = notProven('its status program', end, STATUS_CAP_MS);
      if (end.how !== 'exited' || NOT_RUN.includes(end.code)) return { state: 'unknown', detail };
      if (end.code !== 0) return { state: 'down', detail };
      const [first = ''] = end.answer.trim().split('\n');
      return { state: 'up', detail: first === '' ? 'its status program says so' : first };
    },
    async restart(signal) {
      const end = await run(restart, timeoutMs, signal);
      requireRestarted(name, end, notProven('its restart program', end, timeoutMs));
    },
  };
}

/** @param said how it ended, as the end of a sentence. @throws BackoutError E_RESTART */
export function requireRestarted(name: string, end: CommandEnd, said: string): void {
  if (end.how === 'exited' && end.code === 0) return;
  throw new BackoutError({
    code: 'E_RESTART',
    kind: end.how === 'not-started' ? 'failed' : 'uncertain',
    message: `Restarting ${name} did not work: ${said}.`,
    state: `${name} may be down. The services after it were not touched.`,
    remedy: 'Look with `backout services status`, mend it, then restart it again.',
  });
}
