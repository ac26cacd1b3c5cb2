/** A systemd unit of this machine, through `systemctl`. */

import type { EnvironmentVariables } from '../../config/environment.ts';
import type { ManagedService, ServiceStatus } from '../../ports/services.ts';
import { notProven } from '../command/explain.ts';
import { type CommandEnd, runCommand } from '../command/run-command.ts';
import { requireRestarted, STATUS_CAP_MS } from '../command/service.ts';

export interface SystemdServiceOptions {
  name: string;
  /** `api.service`. */
  unit: string;
  cwd: string;
  env: EnvironmentVariables;
  /** Longest time for a restart, in milliseconds. */
  timeoutMs: number;
}

/**
 * `show` and not `is-active`: it also says which process runs, so that a restart can be told from a
 * unit that was up all the time.
 */
const PROPERTIES = 'LoadState,ActiveState,SubState,InvocationID,MainPID';

/** Restarting needs the right to: root, or a rule of polkit for the user that runs this. */
export function systemdService(options: SystemdServiceOptions): ManagedService {
  const { name, unit, cwd, env, timeoutMs } = options;
  const systemctl = (args: string[], ms: number, signal: AbortSignal): Promise<CommandEnd> =>
    runCommand({
      // A question for a password would wait for somebody who is not there.
      argv: ['systemctl', '--no-ask-password', ...args, unit],
      cwd,
      // Words of a program are read here, whatever language the machine speaks.
      env: { ...env, LC_ALL: 'C', SYSTEMD_PAGER: '' },
      secrets: [],
      timeoutMs: ms,
      signal,
    });
  return {
    name,
    kind: 'systemd',
    async status(signal) {
      const end = await systemctl(['show', `--property=${PROPERTIES}`], STATUS_CAP_MS, signal);
      if (end.how === 'exited' && end.code === 0) return readStatus(unit, end.answer);
      return { state: 'unknown', detail: notProven('systemctl show', end, STATUS_CAP_MS) };
    },
    async restart(signal) {
      const end = await systemctl(['restart'], timeoutMs, signal);
      requireRestarted(name, end, notProven('systemctl restart', end, timeoutMs));
    },
  };
}

/** Reads `ActiveState=active` and so on. What is on its way up or down is not up. */
export function readStatus(unit: string, shown: string): ServiceStatus {
  const said = new Map(
    shown.split('\n').flatMap((line): [string, string][] => {
      const at = line.indexOf('=');
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()]];
    }),
  );
  const [load, active, sub] = ['LoadState', 'ActiveState', 'SubState'].map((key) => said.get(key));
  if (active === undefined)
    return { state: 'unknown', detail: `systemd did not say how ${unit} is` };
  const detail = `${unit}: ${active}${sub === undefined ? '' : ` (${sub})`}`;
  if (load !== undefined && load !== 'loaded') {
    return { state: 'down', detail: `${unit}: there is no such unit (${load})` };
  }
  if (active !== 'active') return { state: 'down', detail };
  const run = [said.get('InvocationID'), said.get('MainPID')].find(
    (id) => id !== undefined && id !== '' && id !== '0',
  );
  return { state: 'up', detail, ...(run === undefined ? {} : { run }) };
}
