/** What moto 5.2.5 lacks of CloudWatch: it keeps the history of an alarm, and does not show it. */

import type { Behaviour } from './aws-proxy.ts';

/** A change of state at this time (ms since 1970), as DescribeAlarmHistory gives it. */
export function historyItem(at: number, from: string, to: string): object {
  return {
    AlarmName: 'shop-5xx',
    AlarmType: 'MetricAlarm',
    Timestamp: at / 1000,
    HistoryItemType: 'StateUpdate',
    HistorySummary: `Alarm updated from ${from} to ${to}`,
    HistoryData: JSON.stringify({
      version: '1.0',
      oldState: { stateValue: from },
      newState: { stateValue: to, stateReason: 'Threshold Crossed' },
    }),
  };
}

/** Pages of history, the newest first as CloudWatch gives it. */
export const answerHistory =
  (...pages: object[][]): Behaviour =>
  async ({ operation, input }, next) => {
    if (operation !== 'DescribeAlarmHistory') return await next();
    const number = Number(input['NextToken'] ?? 0);
    const more = number + 1 < pages.length ? { NextToken: String(number + 1) } : {};
    return { status: 200, body: { AlarmHistoryItems: pages[number] ?? [], ...more } };
  };
