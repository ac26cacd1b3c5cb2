import { tmpdir } from 'node:os';
import { Writable } from 'node:stream';
import { parseAlarmEvent } from '../adapters/aws/alarm-event.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import { BackoutError, describeCause } from '../model/error.ts';
import { type AlarmAnswer, answerAlarm } from '../operations/answer-alarm.ts';
import { findConfig } from './find-config.ts';
import { type OpenService, openService } from './open-service.ts';

/** What answers alarms for one service. Connections stay open from one alarm to the next. */
export interface AlarmFunction extends AsyncDisposable {
  answer(event: unknown): Promise<AlarmAnswer>;
}

/**
 * @param log gets one line per message, per answer and per failure
 * @param variables `BACKOUT_CONFIG`: file to use (default: backout.yml beside the code, in
 *   `LAMBDA_TASK_ROOT`); `BACKOUT_ENVIRONMENT`: which environment (default: the only one)
 */
export function alarmFunction(
  variables: EnvironmentVariables,
  log: (line: string) => void,
): AlarmFunction {
  let opening: Promise<OpenService> | undefined;
  const service = async (): Promise<OpenService> => {
    opening ??= open(variables, log);
    try {
      return await opening;
    } catch (error) {
      // The next alarm tries again: what was missing may be there by then.
      opening = undefined;
      throw error;
    }
  };
  async function answer(event: unknown): Promise<AlarmAnswer> {
    const parsed = parseAlarmEvent(event);
    if (parsed.kind === 'other') {
      const reason = `This is no alarm event: ${parsed.shown}`;
      return { decision: 'ignore', code: 'not-an-alarm', reason, notes: [] };
    }
    const opened = await service();
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
    // The function may be frozen right after its answer: what waits in files is carried over now.
    const { waiting, problem } = await opened.drain();
    if (waiting === 0) return answered;
    const left = `${waiting} journal entries wait in files: ${problem ?? 'the journal is away'}`;
    return { ...answered, problems: [...(answered.problems ?? []), left] };
  }
  return {
    async answer(event) {
      try {
        const answered = await answer(event);
        log(JSON.stringify(answered));
        return answered;
      } catch (error) {
        // The platform logs its message only: not what to do, nor the lines of a configuration.
        const told = error instanceof BackoutError ? error : { message: describeCause(error) };
        log(JSON.stringify({ error: told }));
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      await (await opening?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}

async function open(
  variables: EnvironmentVariables,
  log: (line: string) => void,
): Promise<OpenService> {
  const folder = variables['LAMBDA_TASK_ROOT'] ?? tmpdir();
  const found = await findConfig(variables['BACKOUT_CONFIG'], folder, variables, 'use');
  for (const notice of found.notices) log(notice);
  return await openService({
    loaded: found.loaded,
    file: found.file,
    environment: variables['BACKOUT_ENVIRONMENT'],
    need: 'flags',
    // It makes safe, and changes no target: that is another function's work.
    buildTargets: () => [],
    journalMode: 'spool-first',
    user: variables['AWS_LAMBDA_FUNCTION_NAME'] ?? 'on-alarm',
    variables,
    console: new Writable({
      decodeStrings: false,
      write(chunk: unknown, _encoding, done) {
        log(String(chunk).trimEnd());
        done();
      },
    }),
    consoleSkips: [],
    observe: () => undefined,
    interrupted: new AbortController().signal,
  });
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
