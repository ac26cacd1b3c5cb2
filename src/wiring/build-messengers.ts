import type { Writable } from 'node:stream';
import { consoleMessenger } from '../adapters/console/messenger.ts';
import { webhookMessenger } from '../adapters/webhook/messenger.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import type { BackoutConfig } from '../config/schema.ts';
import { resolveReference } from '../config/secrets.ts';
import type { MessageCode } from '../model/message.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Messenger } from '../ports/messenger.ts';

type Channel = BackoutConfig['messages']['channels'][string];
type Subject = Channel['send'][number];

/** What each message is called in `backout.yml`. */
const SUBJECT: Record<MessageCode, Subject> = {
  'safe-state-on': 'safe_state',
  'rollback-started': 'started',
  progress: 'progress',
  'rollback-complete': 'complete',
  'rollback-failed': 'failed',
  'rollback-unknown': 'failed',
  refused: 'refused',
  'budget-warning': 'escalation',
  'budget-exceeded': 'escalation',
  'recovery-step': 'progress',
  'recovery-complete': 'complete',
  'maintenance-done': 'progress',
  'maintenance-failed': 'failed',
  'complaints-investigate': 'escalation',
  'complaints-page': 'escalation',
  'commander-assigned': 'progress',
  'held-release-back': 'escalation',
  // To whoever was told that it began.
  'held-release-gone': 'escalation',
  'guard-blind': 'escalation',
  'guard-sees': 'escalation',
  'person-needed': 'escalation',
  escalation: 'escalation',
  'investigation-started': 'started',
  'investigation-ended': 'progress',
  'incident-update': 'progress',
  'stability-check': 'progress',
  'follow-up': 'progress',
  'automation-held': 'escalation',
  'handed-over': 'started',
  'clock-ended': 'escalation',
};

interface MessengerPorts {
  clock: Clock;
  ids: Ids;
  variables: EnvironmentVariables;
  console: Writable;
  /** What the console shows already in another way, live. */
  consoleSkips: readonly MessageCode[];
}

/**
 * The channels of an environment, each with the messages that it wants. A channel that cannot be
 * made (a secret is missing) becomes one that says so at each message: a rollback does not stop
 * because nobody can be told.
 */
export function buildMessengers(config: BackoutConfig, ports: MessengerPorts): Messenger[] {
  return Object.entries(config.messages.channels).map(([name, channel]) => {
    const skips = channel.kind === 'console' ? ports.consoleSkips : [];
    const wants = (code: MessageCode): boolean =>
      channel.send.includes(SUBJECT[code]) && !skips.includes(code);
    return { ...buildMessenger(config, name, channel, ports), wants };
  });
}

function buildMessenger(
  config: BackoutConfig,
  channelName: string,
  channel: Channel,
  { clock, ids, variables, console: stream }: MessengerPorts,
): Messenger {
  switch (channel.kind) {
    case 'console':
      return consoleMessenger({ stream, channel: channelName });
    case 'webhook':
      try {
        const url = resolveReference(channel.url, variables);
        const secret =
          channel.secret === undefined ? undefined : resolveReference(channel.secret, variables);
        const capMs = config.messages.timeout;
        return webhookMessenger({ channel: channelName, url, secret, capMs, clock, ids });
      } catch (error) {
        return brokenMessenger(channelName, error instanceof Error ? error.message : String(error));
      }
    case 'slack':
    case 'pagerduty':
    case 'github':
    case 'statuspage':
      return brokenMessenger(channelName, `messages to ${channel.kind} are not available yet`);
    default:
      return channel satisfies never;
  }
}

function brokenMessenger(channel: string, problem: string): Messenger {
  return { channel, send: () => Promise.resolve({ delivered: false, problem }) };
}
