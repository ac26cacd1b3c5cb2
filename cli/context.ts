import { channel } from 'node:diagnostics_channel';
import { userInfo } from 'node:os';
import { systemClock } from '../src/adapters/system-clock.ts';
import type { Need } from '../src/config/availability.ts';
import { readEnvironment } from '../src/config/environment.ts';
import { describeCause } from '../src/model/error.ts';
import type { Observe } from '../src/model/progress.ts';
import { quote } from '../src/model/shell.ts';
import { findConfig } from '../src/wiring/find-config.ts';
import { buildDeployments } from '../src/wiring/build-deployments.ts';
import { buildMigrations } from '../src/wiring/build-migrations.ts';
import { buildTargets } from '../src/wiring/build-targets.ts';
import { openDirectStores } from '../src/wiring/direct-stores.ts';
import { type OpenService, openService } from '../src/wiring/open-service.ts';
import type { ExitCode } from './exit-code.ts';
import { type Output, openOutput, SHOWN_LIVE } from './output.ts';
import { progressView } from './render/progress.ts';
import { handleSignals } from './signals.ts';

/** The options that every command has. */
export interface GlobalOptions {
  config?: string;
  environment?: string;
  json?: boolean;
}

export interface CommandContext {
  service: OpenService;
  out: Output;
  /** Who runs the command, as the operating system says. */
  user: string;
  /** A further command with the options of this one that it needs too, ready to be pasted. */
  again: (command: string) => string;
}

interface Wanted {
  need: Need;
  /** True for what must not wait for the journal's database. */
  emergency?: boolean;
  /** True: as little as possible is waited for, and nothing is written. */
  lookOnly?: boolean;
}

/**
 * Every progress event is also published here, in step with the work: for tracers, and for whoever
 * wants to watch or stop a run at an exact point.
 */
const boundary = channel('backout:progress');

/** Adds the publishing of events to an observer. */
export function publishProgress(observe: Observe): Observe {
  return (event) => {
    observe(event);
    boundary.publish(event);
  };
}

/** Opens the service of a command, runs it, and closes everything, also when it throws. */
export async function withService(
  options: GlobalOptions,
  { need, emergency = false, lookOnly = false }: Wanted,
  action: (context: CommandContext) => Promise<ExitCode>,
): Promise<ExitCode> {
  const out = openOutput(options.json === true, process);
  const { variables } = readEnvironment();
  const found = await findConfig(
    options.config,
    process.cwd(),
    variables,
    emergency ? 'use' : 'refuse',
  );
  for (const notice of found.notices) out.line(notice);
  using view = progressView(out, systemClock);
  const user = currentUser();
  using signals = handleSignals(out);
  await using service = await openService({
    loaded: found.loaded,
    file: found.file,
    environment: options.environment,
    need,
    buildTargets,
    openStores: openDirectStores,
    buildMigrations,
    buildDeployments,
    journalMode: emergency || lookOnly ? 'spool-first' : 'journal-first',
    user,
    variables,
    console: out.stream,
    consoleSkips: SHOWN_LIVE,
    observe: publishProgress(view),
    interrupted: signals.interrupted,
  });
  if (!emergency && !lookOnly) await carrySpool(service, out);
  const again = (command: string): string => command + sharedOptions(options);
  const code = await action({ service, out, user, again });
  if (emergency && !lookOnly) await carrySpool(service, out);
  return code;
}

/** ` --environment production`: where we are is part of every command that we tell people to run. */
function sharedOptions({ config, environment }: GlobalOptions): string {
  return [
    ...(environment === undefined ? [] : [` --environment ${quote(environment)}`]),
    ...(config === undefined ? [] : [` --config ${quote(config)}`]),
  ].join('');
}

/** What an earlier command could only spool enters the journal now, so that everybody sees it. */
async function carrySpool(service: OpenService, out: Output): Promise<void> {
  const report = await service.drain().catch((error: unknown) => {
    // What the command is about matters more, and so does its exit code.
    out.line(`Whether journal entries wait here cannot be seen: ${describeCause(error)}`);
  });
  if (report === undefined) return;
  const { waiting, setAside, problem } = report;
  if (waiting > 0) {
    out.line(`${waiting} journal entries wait here until the journal is back: ${problem ?? ''}`);
  }
  for (const { path, why } of setAside) out.line(`A spooled entry was set aside: ${path}: ${why}`);
}

/** The user of the operating system: who acts, as far as nothing stronger proves it. */
export function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container without an entry for its user id.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
