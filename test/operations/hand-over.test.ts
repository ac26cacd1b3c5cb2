/** Who gets level application when nobody is awake: by the second at which a run begins. */
import { describe, expect, test } from 'vitest';
import { BackoutError } from '../../src/model/error.ts';
import type { HandOverRequest, HandOverResult } from '../../src/model/hand-over.ts';
import { handOver, type HandOverPorts } from '../../src/operations/hand-over.ts';
import type { Dispatched, RollbackRunState } from '../../src/ports/rollback-workflow.ts';
import { type FakeClock, fakeClock, NIGHT } from '../support/fake-clock.ts';
import { Died, memorySteps } from '../support/memory-steps.ts';

const REQUEST: HandOverRequest = {
  service: 'shop',
  environment: 'production',
  incident: '20250112-0300-alarm',
  to: 'v1.1.0',
  rule: 'critical-errors',
  reason: 'error rate 12 %',
  actor: 'on-alarm',
};
const RUN = { id: 7, url: 'https://github.example/acme/shop/actions/runs/7' };
const COMMAND = `backout rollback application --incident ${REQUEST.incident}`;

interface Story {
  /** What asking for a run gives; `none`: no workflow is set up. */
  dispatch?: Dispatched | 'none';
  /** The second at which the run begins. */
  begins?: number;
  /** What it is from then on. */
  becomes?: RollbackRunState;
  /** GitHub answers no look. */
  blind?: boolean;
  cancel?: 'ended' | 'begun' | 'unknown';
  runner?: 'fine' | 'refused' | 'lost' | 'none';
}

function fault(kind: 'failed' | 'uncertain'): BackoutError {
  return new BackoutError({ code: 'E_RUNNER', kind, message: `It is ${kind}.`, remedy: 'None.' });
}

function site(clock: FakeClock, story: Story): { ports: HandOverPorts; calls: string[] } {
  const {
    dispatch = { run: RUN },
    begins = Infinity,
    becomes = 'running',
    runner = 'fine',
  } = story;
  const calls: string[] = [];
  const second = (): number => (clock.now() - NIGHT) / 1_000;
  const did = (what: string): void => {
    calls.push(`${what} ${second()}`);
  };
  return {
    calls,
    ports: {
      startWithinMs: 60_000,
      ...(dispatch === 'none'
        ? {}
        : {
            workflow: {
              dispatch: async () => {
                did('dispatch');
                return dispatch;
              },
              look: async () => {
                if (story.blind === true) throw new Error('no answer');
                return second() >= begins ? becomes : 'waiting';
              },
              cancel: async () => {
                did('cancel');
                return story.cancel ?? 'ended';
              },
            },
          }),
      ...(runner === 'none'
        ? {}
        : {
            runner: {
              start: async () => {
                did('runner');
                if (runner === 'refused') throw fault('failed');
                if (runner === 'lost') throw fault('uncertain');
              },
            },
          }),
    },
  };
}

const LATE = 'No run of the workflow began within 60 s';
const refused = { problem: 'GitHub said no.', mayRun: false };
const lost = { problem: 'GitHub did not answer.', mayRun: true };
const { url } = RUN;

const TABLE: [string, Story, HandOverResult, string[]][] = [
  [
    'a run that begins at once has it',
    { begins: 3 },
    { by: 'github', outcome: 'running', url, problems: [] },
    ['dispatch 0'],
  ],
  [
    'a run that begins after 59 s has it',
    { begins: 59 },
    { by: 'github', outcome: 'running', url, problems: [] },
    ['dispatch 0'],
  ],
  [
    'a run that would begin after 61 s is cancelled, and the runner has it',
    { begins: 61 },
    { by: 'runner', outcome: 'running', problems: [`${LATE}; it was cancelled.`] },
    ['dispatch 0', 'cancel 60', 'runner 60'],
  ],
  [
    'a run that begins while it is cancelled has it, and no runner is started',
    { cancel: 'begun' },
    { by: 'github', outcome: 'running', url, problems: [] },
    ['dispatch 0', 'cancel 60'],
  ],
  [
    'a run that cannot be cancelled does not keep the runner from starting',
    { cancel: 'unknown' },
    { by: 'runner', outcome: 'running', problems: [`${LATE}, and it may begin later.`] },
    ['dispatch 0', 'cancel 60', 'runner 60'],
  ],
  [
    'a run that somebody cancelled is followed by the runner at the next look',
    { begins: 11, becomes: 'ended' },
    { by: 'runner', outcome: 'running', problems: ['The run ended before it did anything.'] },
    ['dispatch 0', 'runner 15'],
  ],
  [
    'a run that is over and well is done',
    { begins: 11, becomes: 'succeeded' },
    { by: 'github', outcome: 'done', url, problems: [] },
    ['dispatch 0'],
  ],
  [
    'a run that failed was the one attempt: a person goes on',
    { begins: 11, becomes: 'failed' },
    {
      by: 'github',
      outcome: 'failed',
      url,
      problems: ['The run of the workflow failed.'],
      command: COMMAND,
    },
    ['dispatch 0'],
  ],
  [
    'a run that cannot be seen is treated as one that did not begin',
    { blind: true, cancel: 'unknown' },
    { by: 'runner', outcome: 'running', problems: [`${LATE}, and it may begin later.`] },
    ['dispatch 0', 'cancel 60', 'runner 60'],
  ],
  [
    'a refusal of GitHub starts the runner at once',
    { dispatch: refused },
    { by: 'runner', outcome: 'running', problems: ['GitHub said no.'] },
    ['dispatch 0', 'runner 0'],
  ],
  [
    'a lost answer without a run starts the runner at once',
    { dispatch: lost },
    { by: 'runner', outcome: 'running', problems: ['GitHub did not answer.'] },
    ['dispatch 0', 'runner 0'],
  ],
  [
    'without GitHub the runner is started at once',
    { dispatch: 'none' },
    { by: 'runner', outcome: 'running', problems: [] },
    ['runner 0'],
  ],
  [
    'when both refuse, nobody has it and a person gets the command',
    { dispatch: refused, runner: 'refused' },
    {
      by: 'nobody',
      outcome: 'failed',
      problems: ['GitHub said no.', 'E_RUNNER: It is failed.'],
      command: COMMAND,
    },
    ['dispatch 0', 'runner 0'],
  ],
  [
    'a runner that may have been started is neither running nor failed',
    { dispatch: refused, runner: 'lost' },
    {
      by: 'runner',
      outcome: 'unknown',
      problems: ['GitHub said no.', 'E_RUNNER: It is uncertain.'],
      command: COMMAND,
    },
    ['dispatch 0', 'runner 0'],
  ],
  [
    'a run that may begin later is not called failed when the runner refuses',
    { cancel: 'unknown', runner: 'refused' },
    {
      by: 'nobody',
      outcome: 'unknown',
      url,
      problems: [`${LATE}, and it may begin later.`, 'E_RUNNER: It is failed.'],
      command: COMMAND,
    },
    ['dispatch 0', 'cancel 60', 'runner 60'],
  ],
  [
    'where neither is set up, nobody has it',
    { dispatch: 'none', runner: 'none' },
    {
      by: 'nobody',
      outcome: 'failed',
      problems: ['No function that may change targets is set up here.'],
      command: COMMAND,
    },
    [],
  ],
];

describe('handing level application over', () => {
  test.each(TABLE)('%s', async (_name, story, expected, did) => {
    const clock = fakeClock();
    const { ports, calls } = site(clock, story);
    expect(await clock.run(handOver(memorySteps(clock), ports, REQUEST))).toEqual(expected);
    expect(calls).toEqual(did);
  });

  test('played again after dying anywhere, it asks for one run and starts one runner', async () => {
    let deaths = 0;
    for (let at = 1; ; at += 1) {
      const clock = fakeClock();
      const { ports, calls } = site(clock, {});
      const first = memorySteps(clock);
      first.dieAt(at, 'before');
      const died = await clock.run(handOver(first, ports, REQUEST)).then(
        () => false,
        (error: unknown) => error instanceof Died,
      );
      if (!died) break;
      deaths += 1;
      const kept = new Map(first.kept);
      const result = await clock.run(handOver(memorySteps(clock, kept), ports, REQUEST));
      expect(result).toMatchObject({ by: 'runner', outcome: 'running' });
      expect(calls.map((call) => call.split(' ')[0])).toEqual(['dispatch', 'cancel', 'runner']);
    }
    expect(deaths).toBeGreaterThan(20);
  });
});
