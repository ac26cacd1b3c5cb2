/** What Lambda itself knows of the last change of an alias; reads only. */

import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import type { TargetChange } from '../../ports/target.ts';
import { readMark } from './alias-mark.ts';
import { callSignal } from './clients.ts';
import { getAlias, type LambdaPlace } from './lambda-calls.ts';

const versionAnswer = z.object({ LastModified: z.string().nullish() });

/**
 * Lambda keeps neither when an alias was moved nor who moved it. What can be told: when the version
 * was published, and whether the description still has our mark. Without it somebody wrote the
 * description anew: that was not Backout. With it, only the version was moved.
 * @throws what the SDK throws
 */
export async function lastAliasChange(
  place: LambdaPlace,
  signal: AbortSignal,
): Promise<TargetChange> {
  const { client, functionName: FunctionName, alias } = place;
  const now = await getAlias(place, signal);
  const asked = new GetFunctionConfigurationCommand({ FunctionName, Qualifier: now.version });
  const published = await client.send(asked, { abortSignal: callSignal(signal) }).then(
    (answer) => versionAnswer.safeParse(answer).data?.LastModified ?? undefined,
    () => undefined,
  );
  const mark = readMark(now.description);
  const described =
    mark === undefined
      ? 'its description has no mark of Backout'
      : `its description still has the mark of Backout's lease number ${mark.fence}`;
  const when = published === undefined ? '' : `, published ${published}`;
  return { how: `alias ${alias} leads to version ${now.version}${when}; ${described}` };
}
