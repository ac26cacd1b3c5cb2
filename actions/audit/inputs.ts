import type { EnvironmentVariables } from '../../src/config/environment.ts';
import { BackoutError } from '../../src/model/error.ts';
import type { AuditVerdict } from '../../src/model/migration/audit-report.ts';
import { readInput } from '../common/read-input.ts';
import { readSwitch } from '../common/switch.ts';

export interface AuditInputs {
  from: string | undefined;
  to: string | undefined;
  patterns: string[] | undefined;
  none: boolean;
  config: string | undefined;
  comment: boolean;
  /** Tells the comments of several steps apart. */
  name: string | undefined;
  failOn: FailOn;
  token: string | undefined;
}

const FAIL_ON = ['never', 'breaking', 'unclear'] as const;
type FailOn = (typeof FAIL_ON)[number];

/** @throws BackoutError E_USAGE, E_CONTROL_CHARS (usage) */
export function readInputs(variables: EnvironmentVariables): AuditInputs {
  const input = (name: string): string | undefined => readInput(variables, name);
  const name = input('name');
  if (name !== undefined && !/^[\w.-]{1,50}$/.test(name)) {
    throw usage('name', 'is not made of letters, digits, and . _ - (50 at most)');
  }
  const failOn = FAIL_ON.find((one) => one === (input('fail-on') ?? 'never'));
  if (failOn === undefined) throw usage('fail-on', 'must be never, breaking or unclear');
  return {
    from: input('from'),
    to: input('to'),
    patterns: linesOf(variables['INPUT_MIGRATIONS'] ?? ''),
    none: readSwitch('none', input('none')),
    config: input('config'),
    comment: readSwitch('comment', input('comment') ?? 'true'),
    name,
    failOn,
    token: input('token'),
  };
}

/** Whether the verdict fails the job. */
export function isFailure(verdict: AuditVerdict, failOn: FailOn): boolean {
  if (failOn === 'never' || verdict === 'safe') return false;
  return verdict === 'breaking' || failOn === 'unclear';
}

/** One pattern in a line. */
function linesOf(text: string): string[] | undefined {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const patterns = lines.filter((line) => line !== '');
  return patterns.length === 0 ? undefined : patterns;
}

function usage(name: string, what: string): BackoutError {
  return new BackoutError({
    code: 'E_USAGE',
    kind: 'usage',
    message: `The input ${name} ${what}.`,
    remedy: 'See actions/audit/README.md for the inputs.',
  });
}
