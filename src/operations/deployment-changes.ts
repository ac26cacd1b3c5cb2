import type { Deployment } from '../model/deployment.ts';
import type { ChangeHistory, ChangeQuestion } from '../ports/changes.ts';
import type { Deployments } from '../ports/deployments.ts';
import type { TargetChange } from '../ports/target.ts';

/** Deployments looked through: each costs GitHub a call of its own. */
const LOOKED_AT = 10;
/** As many as a history may tell. */
const MOST_TOLD = 5;

/** What pipelines deployed, as a record of who changed a target. */
export function deploymentChanges(deployments: Deployments): ChangeHistory {
  return {
    name: deployments.source,
    async changes(question, signal) {
      const all = await deployments.newest(LOOKED_AT, signal);
      return all
        .filter((one) => broughtIt(one, question))
        .map(toChange)
        .slice(0, MOST_TOLD);
    },
  };
}

/** A deployment to the environment names no target: it may have brought the release to any of them. */
function broughtIt({ ref, commit, state, createdAt }: Deployment, asked: ChangeQuestion): boolean {
  const isIt = ref === asked.tag || commit === asked.commit;
  // What still waits has brought nothing. One that failed may have changed a target before it did.
  return isIt && state !== 'waiting' && Date.parse(createdAt) >= Date.parse(asked.since);
}

function toChange({ ref, state, by, createdAt, url }: Deployment): TargetChange {
  const how = `deployment of ${ref} (${state})${url === undefined ? '' : ` ${url}`}`;
  return { at: createdAt, how, ...(by === undefined ? {} : { by }) };
}
