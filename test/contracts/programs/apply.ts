/**
 * Brings a release to a target, as a process that can be killed.
 *
 *     node apply.ts '{"target": {"kind": …}, "release": …, "fence": 1, …}'
 */

import { configSchema } from '../../../src/config/schema.ts';
import { readEnvironment } from '../../../src/config/environment.ts';
import { selectEnvironment } from '../../../src/config/select.ts';
import type { ReleaseRef } from '../../../src/ports/target.ts';
import { buildTargets } from '../../../src/wiring/build-targets.ts';

export interface ApplySettings {
  /** As under `targets` of backout.yml; it is called `api` there. */
  target: Record<string, unknown>;
  stateDirectory: string;
  release: ReleaseRef;
  fence: number;
  incident: string;
}

const { target, stateDirectory, release, fence, incident } = JSON.parse(
  process.argv[2] ?? '',
) as ApplySettings;
const config = configSchema.parse({
  service: 'shop',
  environments: { production: {} },
  targets: { api: target },
});
const [built] = buildTargets(selectEnvironment(config, 'production'), {
  variables: readEnvironment().variables,
  baseDirectory: process.cwd(),
  stateDirectory,
  onOutput: () => undefined,
});
await built?.apply(release, { fence, incident, signal: new AbortController().signal });
