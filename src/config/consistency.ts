/**
 * What concerns more than one field of a configuration. It reads input that has not passed the
 * schema, so that one wrong type does not hide a rule that names a group which does not exist.
 */
import { checkChecks, checkMessages, checkMetrics } from './consistency/checks.ts';
import { knownNames } from './consistency/known.ts';
import {
  checkCaches,
  checkDatabases,
  checkLimits,
  checkServices,
  checkTargets,
} from './consistency/parts.ts';
import { checkRules } from './consistency/rules.ts';
import { checkBreakers, checkEnvironments, checkFlags } from './consistency/safety.ts';
import type { Finding } from './explain.ts';

/** Every finding about names, circles and contradictions, in no particular order. */
export function checkConsistency(raw: unknown): Finding[] {
  const known = knownNames(raw);
  return [
    ...checkEnvironments(raw, known),
    ...checkFlags(raw),
    ...checkBreakers(raw),
    ...checkRules(raw, known),
    ...checkTargets(raw, known),
    ...checkDatabases(raw, known),
    ...checkCaches(raw),
    ...checkServices(raw, known),
    ...checkLimits(raw, known),
    ...checkChecks(raw, known),
    ...checkMetrics(raw, known),
    ...checkMessages(raw, known),
  ];
}
