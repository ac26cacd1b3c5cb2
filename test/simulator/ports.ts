import { spoolingJournal, type SpoolingJournal } from '../../src/adapters/file/spool.ts';
import type { NewEntry } from '../../src/model/journal.ts';
import type { MaintenancePorts } from '../../src/operations/maintenance-steps.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import type { Journal } from '../../src/ports/journal.ts';
import type { Messenger } from '../../src/ports/messenger.ts';
import { call } from './call.ts';
import { openRepository, SCOPE } from './history.ts';
import type { Process } from './process.ts';
import { type Disk, mountDisk } from './programs/spool-directory.ts';
import type { StoreName } from './scene.ts';
import { openCache, openChecks, openManaged, openTarget } from './service.ts';
import type { World } from './world.ts';

export interface ProcessPorts {
  ports: OperationPorts & MaintenancePorts;
  journal: SpoolingJournal;
}

/** What the world is told about a process, besides what it does to the stores. */
export interface Listener {
  /** Before a process says something to its journal. */
  statement(process: Process, entry: NewEntry): void;
  /** Before a process asks a store for a change. */
  request(process: Process, store: StoreName, op: string, args: readonly unknown[]): void;
}

export interface Machine {
  files: Map<string, NewEntry>;
  setAside: { file: string; why: string }[];
}

/** The real operations' ports for one process, each call of which goes through {@link call}. */
export function openPorts(
  world: World,
  process: Process,
  machine: Machine,
  listener: Listener,
  settings: { mode: 'journal-first' | 'spool-first'; groups?: string[] },
): ProcessPorts {
  const { scene } = world;
  const { clock } = process;

  const read = <T>(
    store: StoreName,
    op: string,
    effect: () => Promise<T>,
    more: { about?: string; signal?: AbortSignal; earlier?: (at: number) => T | undefined } = {},
  ): Promise<T> => call(world, process, { store, op, args: [], write: false, effect, ...more });
  const write = <T>(
    store: StoreName,
    op: string,
    args: readonly unknown[],
    effect: (detached: boolean) => Promise<T>,
    more: { about?: string; signal?: AbortSignal } = {},
  ): Promise<T> => {
    if (process.alive) listener.request(process, store, op, args);
    return call(world, process, { store, op, args, write: true, effect, ...more });
  };

  const primary: Journal = {
    append: (entry) =>
      call(world, process, {
        store: 'journal',
        op: 'append',
        args: [entry],
        write: true,
        about: entry.key.slice(entry.incident.length + 1),
        async effect() {
          const appended = await world.journal.append(entry);
          if (appended.stored === 'journal' && !appended.repeated) {
            world.entries.push({ at: world.scheduler.now(), entry: appended.entry });
          }
          return appended;
        },
      }),
    read: (scope, incident) =>
      read('journal', 'read', async () => {
        process.journalReadAt = world.scheduler.now();
        return await world.journal.read(scope, incident);
      }),
    incidents: (scope) => read('journal', 'incidents', () => world.journal.incidents(scope)),
  };
  const disk: Disk = {
    ...machine,
    use: (op, isWrite, effect) =>
      call(world, process, {
        store: 'disk',
        op,
        args: [],
        write: isWrite,
        effect: () => Promise.resolve(effect()),
      }),
  };
  mountDisk(process.name, disk);
  const spooling = spoolingJournal({
    primary,
    spoolDirectory: process.name,
    clock,
    mode: settings.mode,
  });
  const journal: Journal = {
    ...spooling,
    async append(entry) {
      if (process.alive) listener.statement(process, entry);
      const step = entry.kind === 'intent' ? entry.data['step'] : undefined;
      if (typeof step === 'string') process.intents.set(step, 'said');
      const appended = await spooling.append(entry);
      if (typeof step === 'string') process.intents.set(step, appended.stored);
      world.acknowledged.push({ at: world.scheduler.now(), process, entry });
      return appended;
    },
  };

  const { flags, breakers, leases, releases } = world;
  const engage = (override: Parameters<typeof flags.engage>[0]) =>
    write('flags', 'engage', [override], () => flags.engage(override), {
      about: `${override.incident} since ${override.since.slice(11, 23)}`,
    });
  const readFlags = () =>
    read('flags', 'read', () => flags.read(), {
      earlier: (at) => world.flagHistory.findLast((one) => one.at <= at)?.snapshot,
    });
  const readOverrides = () =>
    read('flags', 'overrides', () => flags.overrides(), {
      earlier: (at) => world.flagHistory.findLast((one) => one.at <= at)?.snapshot.overrides,
    });
  const ports: OperationPorts & MaintenancePorts = {
    scope: SCOPE,
    clock,
    ids: process.ids,
    journal,
    flags: { read: readFlags, overrides: readOverrides, engage },
    editor: {
      lift: (override) =>
        write('flags', 'lift', [override], () => flags.lift(override), {
          about: `${override.incident} since ${override.since.slice(11, 23)} by ${override.by}`,
        }),
      setBase: (group, name, value) =>
        write('flags', 'setBase', [group, name, value], () => flags.setBase(group, name, value), {
          about: `${name} ${String(value)}`,
        }),
      publish: () => Promise.reject(new Error('Nobody publishes flags here.')),
    },
    breakers: {
      read: () => read('breakers', 'read', () => breakers.read()),
      instances: () => read('breakers', 'instances', () => Promise.resolve(world.instances())),
      trip: (request) => write('breakers', 'trip', [request], () => breakers.trip(request)),
      set: (provider, state, expected) =>
        write('breakers', 'set', [provider, state], () => breakers.set(provider, state, expected), {
          about: `${provider} ${state.state}`,
        }),
      announce: (override) =>
        write('breakers', 'announce', [override], () => breakers.announce(override)),
    },
    leases: {
      acquire: (request) =>
        write('leases', 'acquire', [request], async () => {
          const taken = await leases.acquire(request);
          process.leasedAt = world.scheduler.now();
          return taken;
        }),
      renew: (held, ttlMs) => write('leases', 'renew', [held], () => leases.renew(held, ttlMs)),
      release: (held) => write('leases', 'release', [held], () => leases.release(held)),
      inspect: (resources) => read('leases', 'inspect', () => leases.inspect(resources)),
      inspectUnder: (prefix) => read('leases', 'inspect', () => leases.inspectUnder(prefix)),
    },
    releases: {
      list: (scope) => read('releases', 'list', () => releases.list(scope)),
      record: (scope, release) =>
        write('releases', 'record', [release], () => releases.record(scope, release), {
          about: release.tag,
        }),
      mark: (scope, tag, status) =>
        write('releases', 'mark', [tag, status], () => releases.mark(scope, tag, status), {
          about: `${tag} ${status}`,
        }),
      hold: (scope, tag, hold, since) =>
        write('releases', 'hold', [tag, hold], () => releases.hold(scope, tag, hold, since), {
          about: hold === undefined ? `${tag} ends` : tag,
        }),
    },
    repository: openRepository(),
    targets: world.targets.map((_, index) => openTarget(world, process, index, read, write)),
    checks: openChecks(world, process, clock, read, readFlags),
    caches: [openCache(world, read, write)],
    services: world.services.map((service) => openManaged(world, service, read, write)),
    messengers: ['chat', 'pager'].map((channel): Messenger => ({
      channel,
      async send(message, signal) {
        try {
          return await call(world, process, {
            store: 'chat',
            op: channel,
            args: [message],
            write: true,
            signal,
            about: message.code,
            async effect() {
              world.messages.push(`${channel}/${message.key}`);
              return { delivered: true as const };
            },
          });
        } catch {
          return { delivered: false, problem: `${channel} cannot be reached` };
        }
      },
    })),
    postmortems: { publish: (incident) => Promise.resolve(`postmortems/${incident}.md`) },
    observe: (event) => {
      if (event.type === 'note') world.note(process.name, () => `says: ${event.text}`);
    },
    facts: {
      ...SCOPE,
      configHash: 'f'.repeat(64),
      ...(settings.groups === undefined ? {} : { groups: settings.groups }),
      groupsWithSafeValues: ['shop', 'mail'],
      providers: ['stripe', 'mailer'],
      fastPath: scene.fastPath,
      acknowledgeWithinMs: 1_500,
      budgetsMs: { flags: 30_000, application: 300_000, database: 900_000 },
      targets: scene.targets.map((name) => ({
        name,
        timeoutMs: 30_000,
        preflightMs: 5_000,
        ...(scene.sideBySide ? { stage: 0 } : {}),
      })),
      stages: [
        { name: 'now', afterMs: 0 },
        { name: 't+2', afterMs: 30_000 },
        { name: 't+10', afterMs: 90_000 },
      ],
      bake: { durationMs: 90_000, everyMs: 15_000 },
    },
    settings: {
      leaseTtlMs: 30_000,
      messageCapMs: 2_000,
      messageFooter: {},
      holder: process.name,
      due: { root_cause: 1, fix_plan: 2, process_gaps: 3, fix_deployment: 4 },
    },
  };
  return { ports, journal: spooling };
}
