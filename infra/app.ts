/**
 * The CDK application: one stack for each environment of backout.yml whose state is on AWS.
 *
 *   BACKOUT_CONFIG=backout.yml npx aws-cdk@2.1148.1 deploy --app "node infra/app.ts"
 *
 * BACKOUT_SUBNET_IDS and BACKOUT_SECURITY_GROUP_IDS (with commas) say where Redis and Postgres are.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { App } from 'aws-cdk-lib';
import { readEnvironment } from '../src/config/environment.ts';
import { loadConfig } from '../src/config/load.ts';
import { selectEnvironment } from '../src/config/select.ts';
import { layOutFunctions } from './assets.ts';
import { ruleAlarms } from './rule-alarms.ts';
import { BackoutStack } from './stack.ts';

const { variables } = readEnvironment();
const listOf = (name: string): string[] =>
  (variables[name] ?? '').split(',').filter((one) => one !== '');
const [subnetIds, securityGroupIds] = [
  listOf('BACKOUT_SUBNET_IDS'),
  listOf('BACKOUT_SECURITY_GROUP_IDS'),
];
const network = subnetIds.length === 0 ? {} : { network: { subnetIds, securityGroupIds } };
const file = resolve(variables['BACKOUT_CONFIG'] ?? 'backout.yml');
const { config } = await loadConfig(file);
const assets = await mkdtemp(join(tmpdir(), 'backout-functions-'));
await layOutFunctions(resolve(import.meta.dirname, '../actions/dist'), file, assets);

const app = new App();
for (const [name, { state, account, regions }] of Object.entries(config.environments)) {
  if (state.kind !== 'aws') continue;
  const selected = selectEnvironment(config, name);
  const env = {
    ...(account === undefined ? {} : { account }),
    ...(regions?.[0] === undefined ? {} : { region: regions[0] }),
  };
  new BackoutStack(app, `backout-${config.service}-${name}`, {
    config: selected,
    assets,
    env,
    ...network,
  });
  for (const { rule, why } of ruleAlarms(selected).without) {
    process.stderr.write(`${name}: no alarm is made for the rule ${rule}. ${why}\n`);
  }
}
app.synth();
