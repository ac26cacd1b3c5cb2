import { readEvent } from '../adapters/aws/events/read-event.ts';
import { type Parcel, unwrapEvent } from '../adapters/aws/events/unwrap-event.ts';
import { writeEntry } from '../adapters/queue/entry-text.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import { BackoutError } from '../model/error.ts';
import { type AlarmAnswer, type AlarmPorts, answerAlarm } from '../operations/answer-alarm.ts';
import { alarmSettings } from './alarm-settings.ts';
import { drainNow, functionService } from './function-service.ts';
import type { OpenService } from './open-service.ts';

/** What goes back to a queue: the messages that have to come again. */
export interface BatchAnswer {
  batchItemFailures: { itemIdentifier: string }[];
}

/** What answers alarms for one service. Connections stay open from one alarm to the next. */
export interface AlarmFunction extends AsyncDisposable {
  answer(event: unknown): Promise<AlarmAnswer | BatchAnswer>;
}

/**
 * @param log gets one line per message, per answer and per failure, and every entry of the record
 *   that could be stored nowhere else
 */
export function alarmFunction(
  variables: EnvironmentVariables,
  log: (line: string) => void,
): AlarmFunction {
  const service = functionService({
    need: 'flags',
    // It makes safe, and changes no target: that is another function's work.
    buildTargets: () => [],
    // Where the state is on AWS it runs outside the network, without a token.
    async openStores(context) {
      const { kind } = context.config.environment.state;
      if (kind === 'embedded') {
        return await (await import('./direct-stores.ts')).openDirectStores(context);
      }
      return await (await import('./remote-stores.ts')).openRemoteStores(context, log);
    },
    journalMode: 'spool-first',
    name: 'on-alarm',
    variables,
    log,
  });

  // Now, and not when somebody waits to be made safe. The first alarm hears of what is wrong.
  service.open().catch(() => undefined);

  async function answer(parcel: Parcel): Promise<AlarmAnswer> {
    const signalled = readEvent(parcel);
    const opened = await service.open();
    const ports = { ...opened.ports, ...(await openMonitoring(opened, variables)) };
    const { answer: answered, unwritten } = await answerAlarm(ports, signalled, {
      ...alarmSettings(opened.config),
      factsOf: (rules) => factsOfRules(opened, rules),
    });
    for (const [order, entry] of unwritten.entries()) {
      log(JSON.stringify({ journal_entry: writeEntry({ entry, order }) }));
    }
    if (answered.incident === undefined) return answered;
    const left = await drainNow(opened);
    if (left === undefined) return answered;
    return { ...answered, problems: [...(answered.problems ?? []), left] };
  }

  /** A message whose repeat cannot help is not asked for again: it would block what comes after. */
  async function answerMessage(parcel: Parcel): Promise<string | undefined> {
    try {
      log(JSON.stringify(await answer(parcel)));
      return undefined;
    } catch (error) {
      log(JSON.stringify({ failed: error instanceof BackoutError ? error : String(error) }));
      return error instanceof BackoutError && !error.retryable ? undefined : parcel.messageId;
    }
  }

  return {
    async answer(event) {
      const { queue, parcels } = unwrapEvent(event);
      const [first] = parcels;
      if (!queue && first !== undefined && parcels.length === 1) return await answer(first);
      const failed: string[] = [];
      // One after the other: what the first makes safe, the second finds safe.
      for (const parcel of parcels) {
        const again = await answerMessage(parcel);
        if (again !== undefined) failed.push(again);
      }
      return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
    },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** What is there on AWS only: what CloudWatch says of its alarms, and the clock of an incident. */
async function openMonitoring(
  { config, ports }: OpenService,
  variables: EnvironmentVariables,
): Promise<Pick<AlarmPorts, 'alarms' | 'incidentClock'>> {
  if (config.environment.state.kind === 'embedded') return {};
  const { openAlarms, openIncidentClock } = await import('./open-monitoring.ts');
  return {
    alarms: openAlarms(config, variables),
    incidentClock: openIncidentClock(config, ports.scope, variables),
  };
}

/** An alarm that means several rules makes safe what any of them names. */
function factsOfRules(service: OpenService, names: readonly string[]) {
  const { config, ports } = service;
  const facts = names.flatMap((name) => {
    const rule = config.rules[name];
    return rule === undefined ? [] : [service.factsOf(rule)];
  });
  const providers = new Set(facts.flatMap((one) => one.providers));
  return {
    ...ports.facts,
    groups: [...new Set(facts.flatMap((one) => one.groups ?? []))],
    providers: ports.facts.providers.filter((provider) => providers.has(provider)),
  };
}
