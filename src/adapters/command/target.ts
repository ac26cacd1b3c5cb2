import type { EnvironmentVariables } from '../../config/environment.ts';
import { BackoutError } from '../../model/error.ts';
import { fillPlaces } from '../../model/places.ts';
import { runsRelease } from '../../model/live.ts';
import { requireReleaseFormat } from '../../model/release.ts';
import type { LiveRelease, ReleaseRef, Target } from '../../ports/target.ts';
import { requireArtefact, variablesFor } from './artefact.ts';
import { deployError, notProven } from './explain.ts';
import { passFence } from './fence.ts';
import { parseLastChange, parseLiveRelease } from './live-release.ts';
import { redactor } from './output.ts';
import { type CommandEnd, runCommand } from './run-command.ts';

export interface CommandTargetOptions {
  name: string;
  /**
   * Program and arguments each, never seen by a shell. `{tag}`, `{commit}`, `{artefact}` and the
   * names of `places` are replaced within each argument; in `current` only the places are.
   */
  commands: {
    /** Exits 0 when the release can be deployed. Left out: the release is taken to be there. */
    preflight?: readonly string[] | undefined;
    /** Exits 0 when the release is live; 75 = try again later, 76 = a newer holder was here. */
    deploy: readonly string[];
    /**
     * Prints the tag that is live, alone on one line, or `{"tag": …, "commit": …}`; who changed it
     * may be there too: `"by"`, `"how"`, and `"at"`, a time.
     */
    current: readonly string[];
  };
  /** Further placeholders, such as `service`, `environment`, `target`. */
  places?: Readonly<Record<string, string>>;
  /** Folder the programs run in. */
  cwd: string;
  /** Variables of the programs: PATH and what the team names. BACKOUT_… is added. */
  env: EnvironmentVariables;
  /** Values that must not appear in output, errors or the journal. */
  secrets?: readonly string[];
  /** Folder of the fence, one per service and environment (see fence.ts). */
  stateDirectory: string;
  /** Cap of one deploy in milliseconds. */
  timeoutMs: number;
  /** Cap of `preflight` and `current` in milliseconds. Default 10,000. */
  readTimeoutMs?: number;
  /** Each line that `preflight` and `deploy` print, secrets removed. */
  onOutput?: (line: string) => void;
  /** Silence after which a line says that a deploy still runs, in milliseconds. Default 5,000. */
  sayEveryMs?: number;
}

/** Many deploy programs print nothing until they are done: whoever waits has to see that it lives. */
async function aloud<T>(
  { name, onOutput = () => {}, sayEveryMs = 5_000 }: CommandTargetOptions,
  work: (onLine: (line: string) => void) => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  // The machine's timer and not the Clock: the program lives in real time.
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    onOutput(`The deploy program of ${name} still runs (${seconds} s).`);
  }, sayEveryMs);
  try {
    return await work((line) => {
      timer.refresh();
      onOutput(line);
    });
  } finally {
    clearInterval(timer);
  }
}

/**
 * Any program as a target. Deploy programs must be repeatable, and end what they start.
 *
 * `apply` gives them BACKOUT_TAG, BACKOUT_COMMIT, BACKOUT_ARTEFACT (empty where none is recorded),
 * BACKOUT_INCIDENT and BACKOUT_FENCE, the number to compare at the thing they change. It settles only when nothing of the program is running any
 * more: what `current` says after that is final.
 */
export function commandTarget(options: CommandTargetOptions): Target {
  const { name, commands, stateDirectory } = options;
  const secrets = options.secrets ?? [];
  const readTimeoutMs = options.readTimeoutMs ?? 10_000;
  const redact = redactor(secrets);

  function run(
    argv: readonly string[],
    about: {
      release?: ReleaseRef;
      env?: Record<string, string>;
      signal?: AbortSignal;
      /** Left out: what it prints is an answer to us, not news for people. */
      onLine?: ((line: string) => void) | undefined;
    },
    timeoutMs: number,
  ): Promise<CommandEnd> {
    return runCommand({
      argv: argv.map((word) => fillPlaces(word, { ...options.places, ...about.release })),
      cwd: options.cwd,
      env: { ...options.env, ...about.env },
      timeoutMs,
      signal: about.signal,
      secrets,
      onLine: about.onLine,
    });
  }

  const ask = (signal: AbortSignal): Promise<CommandEnd> =>
    run(commands.current, { signal }, readTimeoutMs);

  async function current(signal: AbortSignal): Promise<LiveRelease> {
    const program = commands.current[0] ?? 'the program';
    const end = await ask(signal);
    if (end.how !== 'exited' || end.code !== 0) {
      return { known: false, problem: redact(notProven(program, end, readTimeoutMs)) };
    }
    const live = parseLiveRelease(end.answer, program);
    return live.known ? live : { known: false, problem: redact(live.problem) };
  }

  return {
    name,
    kind: 'command',
    current,

    async lastChange(signal) {
      const end = await ask(signal);
      if (end.how !== 'exited' || end.code !== 0) return undefined;
      return parseLastChange(redact(end.answer));
    },

    /** @throws BackoutError also E_PREFLIGHT (retryable) when the program gave no answer */
    async preflight(release) {
      requireReleaseFormat(release);
      requireArtefact(name, [...(commands.preflight ?? []), ...commands.deploy], release);
      if (commands.preflight === undefined) return;
      const env = variablesFor(release);
      const end = await run(
        commands.preflight,
        { release, env, onLine: options.onOutput },
        readTimeoutMs,
      );
      if (end.how === 'exited' && end.code === 0) return;
      // An exit code is the program's answer. No answer is not the answer "missing".
      const answered = end.how === 'exited' && end.code !== 75;
      const program = commands.preflight[0] ?? 'the program';
      throw new BackoutError({
        code: answered ? 'E_ARTEFACT_MISSING' : 'E_PREFLIGHT',
        kind: answered ? 'refused' : 'failed',
        message: answered
          ? `${release.tag} cannot be deployed to ${name}: ${notProven(program, end, readTimeoutMs)}.`
          : `Whether ${release.tag} can be deployed to ${name} is not known: ${notProven(program, end, readTimeoutMs)}.`,
        remedy: answered
          ? 'Choose another release with `backout assess`, or build and publish this one again.'
          : 'Try again; if it stays so, run the program by hand.',
        retryable: !answered,
      });
    },

    async apply(release, { fence, incident, signal }) {
      requireReleaseFormat(release);
      requireArtefact(name, [...(commands.preflight ?? []), ...commands.deploy], release);
      await passFence(stateDirectory, name, fence);
      const live = await current(signal);
      // Without a commit the tag alone has to do; with another commit the tag was moved.
      if (live.known && runsRelease(live, release)) return;
      const env = {
        ...variablesFor(release),
        BACKOUT_FENCE: String(fence),
        BACKOUT_INCIDENT: incident,
      };
      const end = await aloud(options, (onLine) =>
        run(commands.deploy, { release, env, signal, onLine }, options.timeoutMs),
      );
      if (end.how === 'exited' && end.code === 0) return;
      throw deployError({ target: name, release, end, timeoutMs: options.timeoutMs });
    },
  };
}
