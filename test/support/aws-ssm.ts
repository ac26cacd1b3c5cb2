/** What moto lacks of Systems Manager: machines that really run the scripts, each in its folder. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { TestContext } from 'vitest';
import { clientSettings } from '../../src/adapters/aws/clients.ts';
import { ssmCommandTarget, type SsmCommandOptions } from '../../src/adapters/aws/ssm-command.ts';
import { findOnPath } from '../../src/adapters/local/find-binaries.ts';
import { randomIds } from '../../src/adapters/random-ids.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import type { ReleaseRef, Target } from '../../src/ports/target.ts';
import { TEST_CREDENTIALS, TEST_REGION } from './aws-lambda.ts';
import {
  type AwsAnswer,
  type AwsCall,
  type AwsProxy,
  type Behaviour,
  startAwsProxy,
} from './aws-proxy.ts';
import { awsUrl, loadServices } from './aws-server.ts';
import { skipBecause } from './unavailable.ts';

/** For `beforeEach`: the machines are Linux, and our scripts use its `flock`. A Mac has none. */
export async function requireFlock(context: TestContext): Promise<void> {
  if ((await findOnPath('flock', readEnvironment().variables)) !== undefined) return;
  skipBecause(context, {
    what: 'Tests with machines that run scripts for Linux',
    reason: 'This machine has no program flock, which every Linux has.',
    remedy: 'On a Mac: brew install flock',
  });
}

interface Invocation {
  CommandId: string;
  InstanceId: string;
  Status: string;
  StatusDetails: string;
  CommandPlugins: { ResponseCode: number; Output: string }[];
}

/** Programs of a machine. They find their folder in HOST, and what all machines share in FLEET. */
const PROGRAMS = {
  deploy: `
[ ! -e "$HOST/fails" ] || { echo "password=hunter2 refused"; exit 3; }
if [ -e "$FLEET/slow" ]; then echo $$ >"$HOST/slow-pid"; sleep 60; fi
echo "change $2 fence=$BACKOUT_FENCE incident=$BACKOUT_INCIDENT" >>"$HOST/log"
echo "deployed $2"
printf '{"tag":"%s","commit":"%s"}' "$2" "$3" >"$HOST/live"`,
  current: `
[ ! -e "$HOST/mute" ] || exit 4
cat "$HOST/live" 2>/dev/null`,
  preflight: `
[ "$(cat "$FLEET/published-$BACKOUT_TAG" 2>/dev/null)" = "$BACKOUT_COMMIT" ] || { echo "no package"; exit 1; }`,
  systemctl: `
echo "systemctl $*" >>"$HOST/log"
[ "$1" != is-active ] || [ ! -e "$HOST/down" ] || exit 3
[ "$1" != status ] || echo "main process exited"`,
  // Machines do not wait for units to settle when it is only a test.
  sleep: `
[ "$1" = 60 ] && exec /bin/sleep 60
exit 0`,
};

/** A fleet behind the API; `moto` keeps the commands, the machines are ours. */
class Fleet {
  readonly offline = new Set<string>();
  /** Gone, and SSM does not know it yet: they are shown as reachable and never answer. */
  readonly gone = new Set<string>();
  readonly machines: string[];
  private readonly invocations: Invocation[] = [];
  private readonly running = new Map<string, ChildProcess[]>();
  private readonly folder: string;

  constructor(folder: string, machines: string[]) {
    this.folder = folder;
    this.machines = machines;
  }

  readonly behaviour: Behaviour = async (call, next) => {
    switch (call.operation) {
      case 'DescribeInstanceInformation':
        return this.page(
          call,
          'InstanceInformationList',
          this.machines.map((InstanceId) => ({
            InstanceId,
            PingStatus: this.offline.has(InstanceId) ? 'ConnectionLost' : 'Online',
            PlatformType: 'Linux',
          })),
        );
      case 'SendCommand': {
        const answered = await next();
        if (answered !== 'drop' && answered.status < 300) this.run(call, answered.body);
        return answered;
      }
      case 'ListCommandInvocations': {
        const id = call.input['CommandId'];
        const found = this.invocations.filter(({ CommandId }) => CommandId === id);
        return this.page(call, 'CommandInvocations', found);
      }
      case 'CancelCommand':
        this.cancel(String(call.input['CommandId']));
        return { status: 200, body: {} };
      default:
        return await next();
    }
  };

  /** Two to a page, so that whoever reads only one page is found out. */
  private page({ input }: AwsCall, list: string, all: unknown[]): AwsAnswer {
    const from = Number(input['NextToken'] ?? 0);
    const more = from + 2 < all.length ? { NextToken: String(from + 2) } : {};
    return { status: 200, body: { [list]: all.slice(from, from + 2), ...more } };
  }

  private run({ input }: AwsCall, answer: unknown): void {
    const { Command } = answer as { Command: { CommandId: string } };
    const { commands } = input['Parameters'] as { commands: string[] };
    for (const id of input['InstanceIds'] as string[]) {
      this.runOn(id, Command.CommandId, commands.join('\n'));
    }
  }

  private runOn(InstanceId: string, CommandId: string, script: string): void {
    const host = join(this.folder, InstanceId);
    const plugin = { ResponseCode: -1, Output: '' };
    const invocation: Invocation = {
      CommandId,
      InstanceId,
      Status: 'InProgress',
      StatusDetails: 'InProgress',
      CommandPlugins: [plugin],
    };
    this.invocations.push(invocation);
    if (this.gone.has(InstanceId)) return;
    // As the agent does it: sh runs the lines as one script. Only the folder is another one.
    const child = spawn(
      '/bin/sh',
      ['-c', script.replaceAll('/var/lib/backout', join(host, 'lib'))],
      {
        env: {
          PATH: `${join(this.folder, 'bin')}:${readEnvironment().variables['PATH']}`,
          HOST: host,
          FLEET: this.folder,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      },
    );
    this.running.set(CommandId, [...(this.running.get(CommandId) ?? []), child]);
    const take = (chunk: Buffer): void => {
      // What AWS shows of an output.
      plugin.Output = (plugin.Output + chunk.toString('utf8')).slice(0, 2_500);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('close', (code) => {
      if (invocation.Status !== 'InProgress') return;
      plugin.ResponseCode = code ?? -1;
      invocation.Status = code === 0 ? 'Success' : 'Failed';
      invocation.StatusDetails = invocation.Status;
    });
  }

  private cancel(commandId: string): void {
    for (const one of this.invocations) {
      if (one.CommandId !== commandId || one.Status !== 'InProgress') continue;
      one.Status = 'Cancelled';
      one.StatusDetails = 'Cancelled';
    }
    for (const { pid } of this.running.get(commandId) ?? []) endGroup(pid);
  }

  end(): void {
    for (const { pid, exitCode } of [...this.running.values()].flat()) {
      if (exitCode === null) endGroup(pid);
    }
  }
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

export interface FleetFixture extends AsyncDisposable {
  proxy: AwsProxy;
  fleet: Fleet;
  target: Target;
  lines: string[];
  machines: string[];
  another(more?: Partial<SsmCommandOptions>): Target;
  publish(release: ReleaseRef): Promise<void>;
  /** Puts a release on a machine, as somebody by hand does. */
  put(machine: string, release: ReleaseRef): Promise<void>;
  /** `fails`, `mute`, `down`: see PROGRAMS. */
  behave(machine: string, how: 'fails' | 'mute' | 'down', on?: boolean): Promise<void>;
  makeSlow(): Promise<void>;
  /** What the programs of a machine wrote down. */
  log(machine: string): string[];
  live(machine: string): string;
  /** A file in the folder of a machine; empty when it is not there. */
  read(machine: string, file: string): string;
}

/** A fleet of machines on which nothing is live. */
export async function fleetFixture(
  count: number,
  more: Partial<SsmCommandOptions> = {},
): Promise<FleetFixture> {
  await loadServices('ssm');
  const folder = await mkdtemp(join(tmpdir(), 'backout-fleet-'));
  const machines = Array.from(
    { length: count },
    (_, at) => `i-${String(at + 1).padStart(17, '0')}`,
  );
  await mkdir(join(folder, 'bin'));
  for (const [name, text] of Object.entries(PROGRAMS)) {
    await writeFile(join(folder, 'bin', name), `#!/bin/sh${text}\n`);
    await chmod(join(folder, 'bin', name), 0o755);
  }
  for (const id of machines) await mkdir(join(folder, id));
  const fleet = new Fleet(folder, machines);
  const proxy = await startAwsProxy({ upstream: awsUrl(), behaviours: [fleet.behaviour] });
  const place = { region: TEST_REGION, credentials: TEST_CREDENTIALS, endpoint: proxy.url };
  const client = new SSMClient(clientSettings(place));
  const sender = new SSMClient(clientSettings({ ...place, tries: 1 }));
  const lines: string[] = [];
  const read = (machine: string, name: string): string => {
    const file = join(folder, machine, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  const another = (others: Partial<SsmCommandOptions> = {}): Target =>
    ssmCommandTarget({
      name: 'api',
      place: { service: 'shop', environment: 'production', target: 'api' },
      client,
      sender,
      clock: systemClock,
      ids: randomIds,
      pollMs: 10,
      instances: { Role: 'api' },
      commands: {
        preflight: ['preflight'],
        deploy: ['deploy', '--to', '{tag}', '{commit}'],
        current: ['current'],
      },
      units: [],
      batch: { machines: 1 },
      maxFailures: 0,
      timeoutMs: 30_000,
      readTimeoutMs: 10_000,
      onOutput: (line) => lines.push(line),
      ...more,
      ...others,
    });
  return {
    proxy,
    fleet,
    target: another(),
    lines,
    machines,
    another,
    publish: ({ tag, commit }) => writeFile(join(folder, `published-${tag}`), commit),
    put: (machine, release) => writeFile(join(folder, machine, 'live'), JSON.stringify(release)),
    async behave(machine, how, on = true) {
      const file = join(folder, machine, how);
      await (on ? writeFile(file, '') : rm(file, { force: true }));
    },
    makeSlow: () => writeFile(join(folder, 'slow'), ''),
    log: (machine) =>
      read(machine, 'log')
        .split('\n')
        .filter((line) => line !== ''),
    live: (machine) => read(machine, 'live'),
    read,
    async [Symbol.asyncDispose]() {
      fleet.end();
      client.destroy();
      sender.destroy();
      await proxy[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
