/** A process that follows flags in the parameter store and says so. Ends with its input. */

import { SSMClient } from '@aws-sdk/client-ssm';
import { connectBackout } from '../../../client/index.ts';

const [endpoint = '', region = '', prefix = '', shareDirectory = ''] = process.argv.slice(2);
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const client = new SSMClient({ endpoint, region, credentials, maxAttempts: 1 });
const backout = await connectBackout({
  service: 'shop',
  environment: 'test',
  instance: `reader-${process.pid}`,
  pollMs: 100,
  parameterStore: { client, prefix, shareDirectory },
  onProblem: (problem) => process.stderr.write(`${problem.message}\n`),
});
process.stdout.write(`${String(backout.snapshot().safeState)}\n`);
process.stdin.resume().once('end', () => {
  client.destroy();
  void backout.close();
});
