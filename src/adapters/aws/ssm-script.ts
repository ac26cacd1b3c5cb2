/**
 * The scripts that run on the machines of a fleet. SSM hands them to `sh` as root; there is no way
 * to pass an argument array, so every word that comes from outside is quoted, tag and commit are of
 * a checked format, and `{{`, which SSM would replace, is refused by backout.yml.
 *
 * The fence is a file per target on each machine, and it is compared and written under a lock that
 * is held until the deploy program has ended: there an overtaken holder really cannot get a change
 * in, and no two deployments run at once.
 */

import type { ReleaseRef } from '../../ports/target.ts';
import { variablesFor } from '../command/artefact.ts';

/** On each machine; survives a restart of it. */
const FOLDER = '/var/lib/backout';
/** sysexits.h EX_TEMPFAIL and EX_PROTOCOL, as for the target `command`. */
export const BUSY = 75;
export const FENCED = 76;
/** A unit that did not come up: sysexits.h EX_OSERR. */
export const UNIT_DOWN = 71;
/** SSM shows 2,500 characters of an output, from its beginning: we print the end, and less. */
const TAIL_BYTES = 1_500;
/** Seconds after a restart until a unit has to be active still: crashes at the start take less. */
const SETTLE_SECONDS = 2;

/** One word for `sh`, whatever is in it. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function commandLine(argv: readonly string[]): string {
  return argv.map(quote).join(' ');
}

/** What identifies the target on a machine that may run parts of several. */
export interface ScriptPlace {
  service: string;
  environment: string;
  target: string;
}

/** Prints the mark and what `current` says, and changes nothing. */
export function surveyScript(place: ScriptPlace, current: readonly string[]): string {
  return [`file=${quote(fileOf(place))}`, ...sayMark(), ...sayCurrent(current)].join('\n');
}

export interface Turn {
  place: ScriptPlace;
  release: ReleaseRef;
  fence: number;
  incident: string;
}

/** Leaves our mark, unless a higher one is there, and prints what `current` says. */
export function markScript(turn: Turn, current: readonly string[]): string {
  return [...passFence(turn), ...sayMark(), ...sayCurrent(current)].join('\n');
}

/** Exits 0 when the release can be deployed. */
export function preflightScript(release: ReleaseRef, preflight: readonly string[]): string {
  return [...exports(variablesFor(release)), ...captured(preflight), 'exit $code'].join('\n');
}

/** Deploys, then restarts the units one after another, each of which has to stay up. */
export function deployScript(
  turn: Turn,
  { deploy, current }: { deploy: readonly string[]; current: readonly string[] },
  units: readonly string[],
): string {
  const { release, fence, incident } = turn;
  return [
    ...passFence(turn),
    ...begin(current),
    ...exports({
      ...variablesFor(release),
      BACKOUT_FENCE: String(fence),
      BACKOUT_INCIDENT: incident,
    }),
    ...captured(deploy),
    '[ "$code" -eq 0 ] || exit "$code"',
    ...units.flatMap((unit) => restart(quote(unit))),
    'rm -f "$file.open"',
  ].join('\n');
}

function fileOf({ service, environment, target }: ScriptPlace): string {
  return `${FOLDER}/${[service, environment, target].map(encodeURIComponent).join('.')}.fence`;
}

/** The lock (descriptor 9) ends with the script; programs that it starts do not inherit it. */
function passFence({ place, release, fence }: Turn): string[] {
  return [
    `file=${quote(fileOf(place))}`,
    `mkdir -p ${quote(FOLDER)} && exec 9>>"$file.lock" || exit 73`,
    `flock -w 5 9 || { echo "backout:busy"; exit ${BUSY}; }`,
    'seen=0',
    '[ ! -s "$file" ] || read -r seen to <"$file"',
    // What cannot be read as a number counts as a no.
    `case "$seen" in ''|*[!0-9]*) echo "backout:fenced unreadable"; exit ${FENCED} ;; esac`,
    `if [ "$seen" -gt ${fence} ]; then echo "backout:fenced $seen"; exit ${FENCED}; fi`,
    // A rename, and on the disk before anything is changed: never a file with half a number.
    `printf '%s %s\\n' ${fence} ${quote(release.tag)} >"$file.new" && sync && mv "$file.new" "$file" || exit 73`,
  ];
}

function sayMark(): string[] {
  return [`printf 'backout:mark %s\\n' "$(head -c 300 "$file" 2>/dev/null)"`];
}

/**
 * A machine whose deployment was not finished, or failed, says what it had before: whatever its
 * program says now, units may not have been restarted, and it has to be done again.
 */
function sayCurrent(current: readonly string[]): string[] {
  return [
    'if [ -e "$file.open" ]; then',
    '  echo "backout:unfinished"; answer=$(cat "$file.open"); code=0',
    'else',
    `  answer=$(${commandLine(current)} 9>&- 2>/dev/null); code=$?`,
    'fi',
    `printf 'backout:code %s\\n' "$code"`,
    `printf '%s\\n' "$answer" | head -c ${TAIL_BYTES}`,
  ];
}

/** What is live before the first try, kept until one has come to its end. */
function begin(current: readonly string[]): string[] {
  return [
    'if [ ! -e "$file.open" ]; then',
    `  ${commandLine(current)} 9>&- >"$file.new" 2>/dev/null; mv "$file.new" "$file.open" || exit 73`,
    'fi',
  ];
}

function exports(variables: Record<string, string>): string[] {
  return Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`);
}

/** Runs a program, prints the end of what it printed, and leaves its exit code in `code`. */
function captured(argv: readonly string[]): string[] {
  return [
    'log=$(mktemp)',
    `${commandLine(argv)} >"$log" 2>&1 9>&- </dev/null`,
    'code=$?',
    `tail -c ${TAIL_BYTES} "$log"`,
    'rm -f "$log"',
  ];
}

function restart(unit: string): string[] {
  const failed = `{ echo "backout:unit "${unit}; systemctl status --no-pager -n 5 -- ${unit} 2>&1 | tail -c 800; exit ${UNIT_DOWN}; }`;
  return [
    `systemctl restart -- ${unit} 9>&- || ${failed}`,
    `sleep ${SETTLE_SECONDS}`,
    `systemctl is-active --quiet -- ${unit} || ${failed}`,
  ];
}
