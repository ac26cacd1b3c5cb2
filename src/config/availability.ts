/**
 * Settings that are valid, but whose feature is not built yet. `check` names them, and whatever
 * would need them refuses to start: a setting is never silently ignored.
 */
import { BackoutError } from '../model/error.ts';
import type { BackoutConfig } from './schema.ts';
import { findUnbuilt } from './unbuilt.ts';

/** What a person wants to do that may need a setting. */
export type Need =
  | 'flags'
  | 'application'
  | 'database'
  | 'validate'
  | 'recover'
  | 'assess'
  | 'automation'
  | 'messages'
  | 'postmortem'
  | 'rehearse'
  | 'record'
  | 'restart'
  | 'flush';

export interface UnavailableSetting {
  /** Where it is in the file: `targets.api.kind`. */
  path: string;
  /** What is missing, in plain words. */
  feature: string;
  /** What cannot be done as long as the setting is there. */
  needed_by: Need[];
  /** The environments that are concerned; left out when all of them are. */
  environments?: string[];
}

/** Every setting of a configuration whose feature is not built yet. */
export function unavailableSettings(config: BackoutConfig): UnavailableSetting[] {
  return findUnbuilt(config);
}

/**
 * Refuses what would need a setting that has no effect yet.
 *
 * @param environment Only settings that concern this environment count; left out: all do.
 * @throws BackoutError E_NOT_AVAILABLE (refused) that names every such setting.
 */
export function requireAvailable(config: BackoutConfig, need: Need, environment?: string): void {
  const wanted = findUnbuilt(config).filter(
    (setting) =>
      setting.needed_by.includes(need) &&
      (environment === undefined || (setting.environments?.includes(environment) ?? true)),
  );
  if (wanted.length === 0) return;
  const list = wanted.map((setting) => `${setting.path} (${setting.feature})`).join('; ');
  throw new BackoutError({
    code: 'E_NOT_AVAILABLE',
    kind: 'refused',
    message: `"${need}" needs settings that are not available yet: ${list}.`,
    remedy:
      'Change or remove these settings in backout.yml; "backout check" lists all that have no effect yet.',
  });
}
