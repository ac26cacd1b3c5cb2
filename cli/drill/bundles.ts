import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BackoutError } from '../../src/model/error.ts';

const BUNDLES = {
  rollback: '../../actions/dist/rollback.mjs',
  assess: '../../actions/dist/assess.mjs',
  gate: '../../actions/dist/gate.mjs',
  'record-release': '../../actions/dist/record-release.mjs',
  audit: '../../actions/dist/audit.mjs',
  'on-alarm': '../../actions/dist/on-alarm.mjs',
  'release-guard': '../../actions/dist/release-guard.mjs',
} as const;

export type BundleName = keyof typeof BUNDLES;

/** Where a built Action or function is. @throws BackoutError E_DRILL_SETUP */
export function bundlePath(name: BundleName): string {
  const path = fileURLToPath(new URL(BUNDLES[name], import.meta.url));
  if (existsSync(path)) return path;
  throw new BackoutError({
    code: 'E_DRILL_SETUP',
    message: `The bundle ${path} is missing.`,
    state: 'The drill has not begun.',
    remedy: 'Restore it with `git checkout`, or build it: `npm run bundle`.',
  });
}
