import type { RuleMet } from './watch-rule.ts';

/** The drill's account and region: made up, and the only ones its configuration allows. */
export const ALARM_SOURCE = { account: '123456789012', region: 'eu-west-1' } as const;
export const ALARM_NAME = 'storefront-critical-errors';

/** The event that CloudWatch would send, had it measured the traffic that the drill measured. */
export function alarmEvent({ decision, at }: RuleMet, errorRate: number): object {
  const { account, region } = ALARM_SOURCE;
  const stamp = new Date(at).toISOString().replace('Z', '+0000');
  return {
    source: 'aws.cloudwatch',
    alarmArn: `arn:aws:cloudwatch:${region}:${account}:alarm:${ALARM_NAME}`,
    accountId: account,
    time: stamp,
    region,
    alarmData: {
      alarmName: ALARM_NAME,
      state: {
        value: 'ALARM',
        reason: decision.reason,
        reasonData: JSON.stringify({ version: '1.0', recentDatapoints: [errorRate] }),
        timestamp: stamp,
      },
      previousState: { value: 'OK', reason: 'Few requests failed.', timestamp: stamp },
      configuration: { description: 'Share of failed requests', metrics: [] },
    },
  };
}
