import { commandService } from '../adapters/command/service.ts';
import { systemdService } from '../adapters/systemd/service.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import type { SelectedConfig } from '../config/select.ts';
import { inOrder } from '../model/target-order.ts';
import { BackoutError } from '../model/error.ts';
import type { ManagedService } from '../ports/services.ts';

interface ServiceOptions {
  variables: EnvironmentVariables;
  /** Folder of `backout.yml`: programs run there. */
  baseDirectory: string;
}

/**
 * The services of an environment in the order of restarting. `requireAvailable` has refused the
 * kinds that are not built, where services are needed; elsewhere nobody asks them anything.
 */
export function buildServices(config: SelectedConfig, options: ServiceOptions): ManagedService[] {
  const { variables, baseDirectory: cwd } = options;
  const env = { PATH: variables['PATH'], HOME: variables['HOME'] };
  return inOrder(config.services).flatMap((name): ManagedService[] => {
    const service = config.services[name];
    if (service === undefined) return [];
    const common = { name, cwd, env, timeoutMs: service.timeout };
    switch (service.kind) {
      case 'command':
        return [commandService({ ...common, restart: service.restart, status: service.status })];
      case 'systemd':
        return [systemdService({ ...common, unit: service.unit })];
      case 'ssm-systemd':
      case 'ecs':
        return [notBuilt(name, service.kind)];
      default:
        return service satisfies never;
    }
  });
}

function notBuilt(name: string, kind: string): ManagedService {
  const detail = `services of kind ${kind} cannot be reached yet`;
  return {
    name,
    kind,
    status: () => Promise.resolve({ state: 'unknown', detail }),
    restart: () =>
      Promise.reject(
        new BackoutError({
          code: 'E_NOT_AVAILABLE',
          kind: 'refused',
          message: `${name} was not restarted: ${detail}.`,
          remedy: 'Restart it by hand.',
        }),
      ),
  };
}
