import type { EnvironmentVariables } from '../config/environment.ts';
import { BackoutError } from '../model/error.ts';
import { readClockStart } from '../model/clock-start-input.ts';
import {
  type ClockEnd,
  runIncidentClock,
} from '../operations/incident-clock/run-incident-clock.ts';
import type { Steps } from '../ports/steps.ts';
import { buildClockWork } from './build-clock-work.ts';
import { buildDeployments } from './build-deployments.ts';
import { buildTargets } from './build-targets.ts';
import { clockSettings } from './clock-settings.ts';
import { openDirectStores } from './direct-stores.ts';
import { functionService } from './function-service.ts';

/** What one run of the clock of an incident came to. */
export interface ClockAnswer {
  incident: string;
  ended: ClockEnd;
}

/** The clock of incidents of one service, over steps that outlive the machine. */
export interface ClockFunction extends AsyncDisposable {
  /** @throws BackoutError E_CLOCK_INPUT (refused) for what no function of ours sends */
  run(input: unknown, steps: Steps): Promise<ClockAnswer>;
}

/**
 * @param variables those of `functionService`, and what `backout.yml` refers to
 * @param log gets one line per message, per answer and per failure
 */
export function clockFunction(
  variables: EnvironmentVariables,
  log: (line: string) => void,
): ClockFunction {
  const service = functionService({
    need: 'assess',
    buildTargets,
    buildDeployments,
    openStores: openDirectStores,
    journalMode: 'journal-first',
    name: 'incident-clock',
    variables,
    log,
  });
  async function run(input: unknown, steps: Steps): Promise<ClockAnswer> {
    const opened = await service.open();
    const { config, ports } = opened;
    const read = readClockStart(input, ports.scope);
    if ('problem' in read) throw badStart(read.problem);
    const { start } = read;
    const { openAlarms } = await import('./open-monitoring.ts');
    const { makeHandOver } = await import('./hand-over.ts');
    const work = buildClockWork(opened, start, {
      ...(start.alarm === undefined ? {} : { alarms: openAlarms(config, variables) }),
      handOver: makeHandOver(config, ports.scope, variables),
    });
    const settings = clockSettings(config, start.rule);
    const ended = await runIncidentClock(steps, work, start, settings);
    return { incident: start.incident, ended };
  }
  return {
    run,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

function badStart(problem: string): BackoutError {
  return new BackoutError({
    code: 'E_CLOCK_INPUT',
    kind: 'refused',
    message: `No clock is started by this: ${problem}`,
    state: 'Nothing was done.',
    remedy: 'Only on-alarm starts the clock of an incident; by hand: `backout incident watch`.',
  });
}
