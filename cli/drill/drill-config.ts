import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { ALARM_NAME, ALARM_SOURCE } from './alarm-event.ts';

/** The waits of production, and what the drill makes of them. Nothing but durations changes. */
const SHORTENED: readonly { path: string[]; to: string }[] = [
  { path: ['rules', 'critical-errors', 'for'], to: '3s' },
  { path: ['stages', 't+2'], to: '3s' },
  { path: ['stages', 't+10'], to: '8s' },
  { path: ['bake', 'duration'], to: '8s' },
  { path: ['bake', 'every'], to: '1s' },
  { path: ['breakers', 'watch'], to: '2s' },
  { path: ['checks', 'errors', 'every'], to: '1s' },
  { path: ['checks', 'latency', 'every'], to: '1s' },
];

export interface DrillPlaces {
  url: string;
  /** Program and first argument that start the storefront's deploy program. */
  deployProgram: string[];
  stateDirectory: string;
}

export interface DrillConfig {
  text: string;
  /** `stages.t+2: 2m → 3s`: named in the report, so that nobody takes the drill's times for real ones. */
  shortened: string[];
}

/** The sample's own backout.yml with the drill's addresses, and with waits a person will sit through. */
export async function writeDrillConfig(places: DrillPlaces): Promise<DrillConfig> {
  const sample = fileURLToPath(new URL('../../backout.yml', import.meta.url));
  const document = parseDocument(await readFile(sample, 'utf8'));
  const shortened = SHORTENED.map(({ path, to }) => {
    const from = String(document.getIn(path));
    document.setIn(path, to);
    return `${path.join('.')}: ${from} → ${to}`;
  });
  document.setIn(['environments', 'laptop', 'base_url'], places.url);
  document.setIn(['environments', 'laptop', 'account'], ALARM_SOURCE.account);
  document.setIn(['environments', 'laptop', 'regions'], [ALARM_SOURCE.region]);
  document.setIn(['rules', 'critical-errors', 'alarms'], [ALARM_NAME]);
  document.setIn(['metrics', 'url'], `${places.url}/metrics`);
  const program = (verb: string, release: string[]) =>
    document.createNode([
      ...places.deployProgram,
      verb,
      '--state',
      places.stateDirectory,
      ...release,
    ]);
  const release = ['--tag', '{tag}', '--commit', '{commit}'];
  document.setIn(['targets', 'web', 'preflight'], program('preflight', release));
  document.setIn(['targets', 'web', 'deploy'], program('deploy', release));
  document.setIn(['targets', 'web', 'current'], program('current', []));
  document.setIn(['checks', 'supervisor', 'run'], program('current', []));
  return { text: document.toString({ lineWidth: 0 }), shortened };
}
