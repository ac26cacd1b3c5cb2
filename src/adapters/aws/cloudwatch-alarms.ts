import {
  type CloudWatchClient,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
} from '@aws-sdk/client-cloudwatch';
import * as z from 'zod';
import { BackoutError } from '../../model/error.ts';
import type { AlarmChange, Alarms } from '../../ports/alarms.ts';
import { saidBy } from './call-error.ts';

/** Longest for one question, its pages included, in milliseconds: somebody waits to be made safe. */
const ANSWER_MS = 2_000;
/** The most that DescribeAlarmHistory gives in one page. */
const PAGE = 100;
/** An alarm of ten seconds changes 180 times in half an hour at most. */
const MOST_PAGES = 3;

const state = z.object({
  StateValue: z.string(),
  StateTransitionedTimestamp: z.date().optional(),
  StateUpdatedTimestamp: z.date().optional(),
});
const described = z.object({
  MetricAlarms: z.array(state).default([]),
  CompositeAlarms: z.array(state).default([]),
});
const history = z.object({
  AlarmHistoryItems: z
    .array(z.object({ Timestamp: z.date().optional(), HistoryData: z.string().default('') }))
    .default([]),
  NextToken: z.string().optional(),
});
const changeData = z.looseObject({
  oldState: z.looseObject({ stateValue: z.string() }),
  newState: z.looseObject({ stateValue: z.string() }),
});

/** What CloudWatch says of its alarms, metric and composite ones. */
export function cloudwatchAlarms(client: CloudWatchClient): Alarms {
  return {
    async read(arn) {
      const answer = await ask(arn, (abortSignal) =>
        client.send(
          new DescribeAlarmsCommand({
            AlarmNames: [nameOf(arn)],
            AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
          }),
          { abortSignal },
        ),
      );
      const { MetricAlarms, CompositeAlarms } = described.parse(answer);
      const found = MetricAlarms[0] ?? CompositeAlarms[0];
      if (found === undefined) return undefined;
      const since = found.StateTransitionedTimestamp ?? found.StateUpdatedTimestamp;
      return { state: found.StateValue, since: since?.getTime() };
    },
    async changes(arn, since) {
      return await ask(arn, async (abortSignal) => {
        const found: AlarmChange[] = [];
        let token: string | undefined;
        for (let pages = 0; pages < MOST_PAGES; pages += 1) {
          const command = new DescribeAlarmHistoryCommand({
            AlarmName: nameOf(arn),
            AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
            HistoryItemType: 'StateUpdate',
            StartDate: new Date(since),
            MaxRecords: PAGE,
            ...(token === undefined ? {} : { NextToken: token }),
          });
          const answer = history.parse(await client.send(command, { abortSignal }));
          found.push(...answer.AlarmHistoryItems.flatMap(readChange));
          token = answer.NextToken;
          if (token === undefined) break;
        }
        return found.filter(({ at }) => at >= since).toSorted((a, b) => a.at - b.at);
      });
    },
  };
}

function nameOf(arn: string): string {
  return arn.split(':').slice(6).join(':');
}

function readChange({
  Timestamp: at,
  HistoryData: text,
}: z.output<typeof history>['AlarmHistoryItems'][number]): AlarmChange[] {
  if (at === undefined) return [];
  try {
    const { oldState, newState } = changeData.parse(JSON.parse(text));
    return [{ at: at.getTime(), from: oldState.stateValue, to: newState.stateValue }];
  } catch {
    // Not one that we can read: the others still count.
    return [];
  }
}

async function ask<T>(arn: string, question: (signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await question(AbortSignal.timeout(ANSWER_MS));
  } catch (error) {
    throw new BackoutError({
      code: 'E_ALARMS_UNREACHABLE',
      message: `CloudWatch does not say how ${nameOf(arn)} is: ${saidBy(error)}.`,
      state: 'Nothing was changed.',
      remedy:
        'Check that this role may call cloudwatch:DescribeAlarms and cloudwatch:DescribeAlarmHistory, and that the region is right.',
      retryable: true,
      cause: error,
    });
  }
}
