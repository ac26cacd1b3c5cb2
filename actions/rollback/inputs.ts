import type { EnvironmentVariables } from '../../src/config/environment.ts';
import { readAccepted, requireReasonFor } from '../../src/model/eligibility.ts';
import { checkForward } from '../../src/model/forward-input.ts';
import { type Level, parseLevel } from '../../src/model/level.ts';
import { checkIncidentName, checkReason } from '../../src/model/typed-text.ts';
import { readActor, readInput } from '../common/read-input.ts';
import { readSwitch } from '../common/switch.ts';

/** The inputs of the Action after they were checked; undefined = left blank. */
export interface ActionInputs {
  level: Level | undefined;
  /** True: undo the last rollback. */
  forward: boolean;
  to: string | undefined;
  /** What is RED about `to` and accepted, by code. */
  accepted: string[];
  reason: string;
  /** True when nobody gave a reason. */
  reasonIsDefault: boolean;
  incident: string | undefined;
  environment: string | undefined;
  config: string | undefined;
  dryRun: boolean;
  /** Who started the run, as the platform says. */
  actor: string;
}

type InputName =
  | 'level'
  | 'forward'
  | 'to'
  | 'accept'
  | 'reason'
  | 'incident'
  | 'environment'
  | 'config'
  | 'dry_run';

/**
 * Reads and checks all inputs.
 * @throws BackoutError E_ACCEPT, E_CONTROL_CHARS, E_LEVEL, E_INCIDENT_NAME, E_REASON, E_USAGE (usage)
 */
export function readInputs(variables: EnvironmentVariables): ActionInputs {
  const given = (name: InputName): string | undefined => readInput(variables, name);
  const actor = readActor(variables);
  const level = given('level');
  const incident = given('incident');
  const reason = given('reason');
  if (incident !== undefined) checkIncidentName(incident, 'leave the input incident blank');
  const parsed = level === undefined ? undefined : parseLevel(level);
  const forward = readSwitch('forward', given('forward'));
  if (forward) checkForward({ level: parsed, to: given('to'), accept: given('accept'), reason });
  const accepted = readAccepted(given('accept'), given('to'));
  requireReasonFor(accepted, reason);
  return {
    level: forward ? 'application' : parsed,
    forward,
    to: given('to'),
    accepted,
    reason: checkReason(reason, actor),
    reasonIsDefault: reason === undefined,
    incident,
    environment: given('environment'),
    config: given('config'),
    dryRun: readSwitch('dry_run', given('dry_run')),
    actor,
  };
}
