/** What watches a service on AWS. Only ever imported where that is. */
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { clientSettings } from '../adapters/aws/clients.ts';
import { lambdaClock } from '../adapters/aws/clock-start.ts';
import { cloudwatchAlarms } from '../adapters/aws/cloudwatch-alarms.ts';
import type { SelectedConfig } from '../config/select.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import { functionAddress } from '../config/resource-names.ts';
import type { Scope } from '../model/scope.ts';
import type { IncidentClock } from '../ports/incident-clock.ts';
import type { Alarms } from '../ports/alarms.ts';
import { mainRegion } from './parameter-store.ts';

/** By region: a function is called many times, and opens its connections once. */
const clients = new Map<string, { alarms: Alarms; lambda: LambdaClient }>();

function clientsIn(region: string): { alarms: Alarms; lambda: LambdaClient } {
  const known = clients.get(region) ?? {
    alarms: cloudwatchAlarms(new CloudWatchClient(clientSettings({ region, tries: 2 }))),
    lambda: new LambdaClient(clientSettings({ region, tries: 1 })),
  };
  clients.set(region, known);
  return known;
}

/** What CloudWatch says in the main region of an environment; two tries, within 2 s. */
export function openAlarms(
  { environment }: Pick<SelectedConfig, 'environment'>,
  variables: EnvironmentVariables,
): Alarms {
  return clientsIn(mainRegion(environment, variables)).alarms;
}

/** Starts the durable function of an incident. */
export function openIncidentClock(
  { environment }: Pick<SelectedConfig, 'environment'>,
  scope: Scope,
  variables: EnvironmentVariables,
): IncidentClock {
  const client = clientsIn(mainRegion(environment, variables)).lambda;
  return lambdaClock({ client, address: functionAddress(scope, 'incident-clock') });
}
