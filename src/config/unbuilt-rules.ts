/**
 * What of the decision matrix has no effect yet. An alarm measures by itself and only then means a
 * rule (lambdas/on-alarm): which alarms mean it, what it decides, what it makes safe and whether it
 * may act, all that counts. What would be measured by us does not.
 */
import type { UnavailableSetting } from './availability.ts';
import { formatPath } from './problems.ts';
import { type BackoutConfig, configSchema } from './schema.ts';
import { MATRIX, SIGNALS } from './sections/matrix.ts';
import type { Rule } from './sections/rules.ts';

const MEASURING = 'measuring rules outside the drill';

/** Named only where they differ from what they are when left out. */
const NOT_YET = {
  threshold: MEASURING,
  for: MEASURING,
  within: MEASURING,
  period: MEASURING,
  min_requests: MEASURING,
  checks: MEASURING,
} as const satisfies Partial<Record<keyof Rule, string>>;

export function findUnbuiltRules(config: BackoutConfig): UnavailableSetting[] {
  const defaults = defaultsOf(config);
  return Object.entries(config.rules).flatMap(([id, rule]) => {
    const untouched = defaults[id];
    const named = (key: keyof Rule, feature: string): UnavailableSetting => ({
      path: formatPath(['rules', id, key]),
      feature,
      needed_by: ['automation'],
    });
    const differs = (key: keyof Rule): boolean =>
      JSON.stringify(rule[key]) !== JSON.stringify(untouched?.[key]);
    const found = Object.entries(NOT_YET).flatMap(([key, feature]) =>
      isKey(key) && differs(key) ? [named(key, feature)] : [],
    );
    if (!(rule.signal in SIGNALS)) found.push(named('signal', 'signals of your own'));
    return found;
  });
}

/** The rules as they would be with nothing written but what a rule of one's own has to say. */
function defaultsOf({ service, rules }: BackoutConfig): BackoutConfig['rules'] {
  const own = Object.entries(rules).filter(([id]) => !Object.hasOwn(MATRIX, id));
  const least = own.map(([id, { signal, decision }]) => [id, { signal, decision }] as const);
  return configSchema.parse({ service, environments: {}, rules: Object.fromEntries(least) }).rules;
}

function isKey(key: string): key is keyof typeof NOT_YET {
  return Object.hasOwn(NOT_YET, key);
}
