/** Alarms of CloudWatch. Only ever imported where there are some. */
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { clientSettings } from '../adapters/aws/clients.ts';
import { cloudwatchAlarms } from '../adapters/aws/cloudwatch-alarms.ts';
import type { SelectedConfig } from '../config/select.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import type { Alarms } from '../ports/alarms.ts';
import { mainRegion } from './parameter-store.ts';

/** What CloudWatch says in the main region of an environment; two tries, within 2 s. */
export function openAlarms(
  { environment }: Pick<SelectedConfig, 'environment'>,
  variables: EnvironmentVariables,
): Alarms {
  const region = mainRegion(environment, variables);
  return cloudwatchAlarms(new CloudWatchClient(clientSettings({ region, tries: 2 })));
}
