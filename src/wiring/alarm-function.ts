import { parseAlarmEvent } from '../adapters/aws/alarm-event.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import { type AlarmAnswer, answerAlarm } from '../operations/answer-alarm.ts';
import { openDirectStores } from './direct-stores.ts';
import { drainNow, functionService } from './function-service.ts';
import type { OpenService } from './open-service.ts';

/** What answers alarms for one service. Connections stay open from one alarm to the next. */
export interface AlarmFunction extends AsyncDisposable {
  answer(event: unknown): Promise<AlarmAnswer>;
}

/**
 * @param log gets one line per message, per answer and per failure
 * @param variables those of {@link functionService}, and what `backout.yml` refers to
 */
export function alarmFunction(
  variables: EnvironmentVariables,
  log: (line: string) => void,
): AlarmFunction {
  const service = functionService({
    need: 'flags',
    // It makes safe, and changes no target: that is another function's work.
    buildTargets: () => [],
    openStores: openDirectStores,
    journalMode: 'spool-first',
    name: 'on-alarm',
    variables,
    log,
  });
  async function answer(event: unknown): Promise<AlarmAnswer> {
    const parsed = parseAlarmEvent(event);
    if (parsed.kind === 'other') {
      const reason = `This is no alarm event: ${parsed.shown}`;
      return { decision: 'ignore', code: 'not-an-alarm', reason, notes: [] };
    }
    const opened = await service.open();
    const { config, ports } = opened;
    const { account, regions, automation } = config.environment;
    const answered = await answerAlarm(ports, parsed.alarm, {
      rules: config.rules,
      armed: automation === 'armed',
      account,
      regions,
      maxAgeMs: config.alarms.max_age,
      factsOf: (rules) => factsOfRules(opened, rules),
    });
    if (answered.incident === undefined) return answered;
    const left = await drainNow(opened);
    if (left === undefined) return answered;
    return { ...answered, problems: [...(answered.problems ?? []), left] };
  }
  return {
    answer: (event) => service.answer(() => answer(event)),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
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
