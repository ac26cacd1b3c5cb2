import { BackoutError } from '../../model/error.ts';
import type { ManagedService, ServiceStatus } from '../../ports/services.ts';

export interface MemoryService extends ManagedService {
  /** Every restart that really happened, by the run that it began: the outside witness. */
  readonly effects: string[];
  /** How the next restarts go: `stays` reports success and restarts nothing. */
  behaviour: 'works' | 'fails' | 'stays' | 'stays-down';
  /** While set, nobody can tell how it is. */
  problem: string | undefined;
}

/** A service that exists in this process only, and is up. */
export function memoryService(name = 'memory'): MemoryService {
  let runs = 1;
  let up = true;
  const service: MemoryService = {
    name,
    kind: 'memory',
    effects: [],
    behaviour: 'works',
    problem: undefined,
    status() {
      const status: ServiceStatus = up
        ? { state: 'up', detail: 'in memory', run: `run-${runs}` }
        : { state: 'down', detail: 'in memory' };
      const { problem } = service;
      return Promise.resolve(
        problem === undefined ? status : { state: 'unknown', detail: problem },
      );
    },
    restart() {
      switch (service.behaviour) {
        case 'fails':
          return Promise.reject(failed(name));
        case 'stays':
          return Promise.resolve();
        case 'stays-down':
        case 'works':
          up = service.behaviour === 'works';
          runs += 1;
          service.effects.push(`run-${runs}`);
          return Promise.resolve();
        default:
          return service.behaviour satisfies never;
      }
    },
  };
  return service;
}

function failed(name: string): BackoutError {
  return new BackoutError({
    code: 'E_RESTART',
    kind: 'uncertain',
    message: `Restarting ${name} did not work.`,
    state: `${name} may be down.`,
    remedy: 'Look at it.',
  });
}
