/** A process that follows flags in the parameter store and says so. Ends with its input. */

import { connectBackout } from '../../../client/index.ts';

const [endpoint = '', region = '', prefix = '', shareDirectory = ''] = process.argv.slice(2);
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const backout = await connectBackout({
  service: 'shop',
  environment: 'test',
  instance: `reader-${process.pid}`,
  pollMs: 100,
  parameterStore: { endpoint, region, credentials, prefix, shareDirectory },
  onProblem: (problem) => process.stderr.write(`${problem.message}\n`),
});
process.stdout.write(`${String(backout.snapshot().safeState)}\n`);
process.stdin.resume().once('end', () => {
  void backout.close();
});
