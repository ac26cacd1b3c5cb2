import type { Deployment } from '../../src/model/deployment.ts';
import type { Assessment } from '../../src/operations/assess.ts';
import { labelled } from './text.ts';
import { formatInstant } from './time.ts';

/** What goes on where pipelines run, and where the parts do not say the same; a line each. */
export function renderDeployments({
  deploying,
  drift,
}: Pick<Assessment, 'deploying' | 'drift'>): string[] {
  return [
    ...deploying.map((one) => labelled('Deploys', describeDeployment(one))),
    ...drift.map(({ part, text }) => labelled('Differs', `${part} ${text}`)),
  ];
}

/** What is on its way, since when, and where to look. */
function describeDeployment({ ref, state, createdAt, by, url }: Deployment): string {
  const who = by === undefined ? '' : ` by ${by}`;
  const how = state === 'waiting' ? ', waits' : '';
  const where = url === undefined ? '' : ` ${url}`;
  return `${ref}, since ${formatInstant(createdAt)}${who}${how}${where}`;
}
