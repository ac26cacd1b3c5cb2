/** A finding of GuardDuty, as EventBridge delivers it. */
import * as z from 'zod';
import type { Finding } from '../../../model/finding.ts';
import { distinct, instantOf, textOf } from './texts.ts';

const optional = z.unknown().optional();
const event = z.looseObject({
  source: z.literal('aws.guardduty'),
  'detail-type': z.literal('GuardDuty Finding'),
  account: optional,
  region: optional,
  time: optional,
  detail: z.looseObject({
    id: z.string().min(1),
    type: z.string().min(1),
    severity: z.number(),
    accountId: optional,
    region: optional,
    title: optional,
    updatedAt: optional,
    service: z
      .looseObject({ archived: optional, additionalInfo: optional })
      .optional()
      .catch(undefined),
  }),
});

/** @returns undefined when it is no such event, or says no severity */
export function readFinding(document: unknown): Finding | undefined {
  const parsed = event.safeParse(document);
  if (!parsed.success) return undefined;
  const { account, region, time, detail } = parsed.data;
  const stamp = textOf(detail.updatedAt) ?? textOf(time) ?? '';
  const info = detail.service?.additionalInfo;
  return {
    id: textOf(detail.id) ?? '',
    type: textOf(detail.type) ?? '',
    severity: detail.severity,
    title: textOf(detail.title) ?? `GuardDuty found ${textOf(detail.type) ?? 'something'}.`,
    accounts: distinct([textOf(account), textOf(detail.accountId)]),
    regions: distinct([textOf(region), textOf(detail.region)]),
    stamp,
    at: instantOf(stamp),
    archived: detail.service?.archived === true,
    sample: typeof info === 'object' && info !== null && Reflect.get(info, 'sample') === true,
  };
}
