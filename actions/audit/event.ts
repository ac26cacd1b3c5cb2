import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { EnvironmentVariables } from '../../src/config/environment.ts';

const commit = z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) });
const eventSchema = z.object({
  pull_request: z.object({ number: z.int().positive(), base: commit }).optional(),
});

export interface PullRequestEvent {
  number: number;
  /** Commit that it goes into. */
  base: string;
}

/** What the run is about; undefined when it is not about a pull request. */
export async function readEvent(
  variables: EnvironmentVariables,
): Promise<PullRequestEvent | undefined> {
  const path = variables['GITHUB_EVENT_PATH'] ?? '';
  if (path === '') return undefined;
  const event = eventSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  const { pull_request: given } = event;
  return given === undefined ? undefined : { number: given.number, base: given.base.sha };
}
