/** The calls of Systems Manager that we make, their answers parsed. */

import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { callSignal } from './clients.ts';

const DOCUMENT = 'AWS-RunShellScript';
/** The most that AWS gives or takes at once, for each of these calls. */
export const PAGE = 50;
/** Seconds within which a machine has to pick a command up; AWS allows no less. */
const DELIVERY_SECONDS = 30;

const instancesAnswer = z.object({
  InstanceInformationList: z
    .array(
      z.object({
        InstanceId: z.string(),
        PingStatus: z.string().default('unknown'),
        PlatformType: z.string().default('Linux'),
        ComputerName: z.string().nullish(),
      }),
    )
    .default([]),
  NextToken: z.string().nullish(),
});

export interface Machine {
  id: string;
  /** `Online`; or why no command reaches it: `ConnectionLost`, `Inactive`, `Windows`. */
  status: string;
}

/** The machines that have all these tags and were ever registered with SSM, by id. */
export async function listMachines(
  client: SSMClient,
  tags: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Machine[]> {
  // Without a filter this would be every machine of the account.
  if (Object.keys(tags).length === 0) return [];
  const machines: Machine[] = [];
  const Filters = Object.entries(tags).map(([key, value]) => ({
    Key: `tag:${key}`,
    Values: [value],
  }));
  let token: string | undefined;
  do {
    const command = new DescribeInstanceInformationCommand({
      Filters,
      MaxResults: PAGE,
      ...(token === undefined ? {} : { NextToken: token }),
    });
    const answer = await client.send(command, { abortSignal: callSignal(signal) });
    const { InstanceInformationList, NextToken } = instancesAnswer.parse(answer);
    machines.push(
      ...InstanceInformationList.map(({ InstanceId, PingStatus, PlatformType }) => ({
        id: InstanceId,
        status: PlatformType === 'Linux' ? PingStatus : PlatformType,
      })),
    );
    token = NextToken ?? undefined;
  } while (token !== undefined);
  return machines.toSorted((a, b) => a.id.localeCompare(b.id));
}

const commandAnswer = z.object({ Command: z.object({ CommandId: z.string() }) });

/** @param comment unique: a command whose answer got lost is found again by it */
export async function sendCommand(
  client: SSMClient,
  options: { ids: string[]; script: string; seconds: number; comment: string },
  signal: AbortSignal,
): Promise<string> {
  const { ids, script, seconds, comment } = options;
  const command = new SendCommandCommand({
    DocumentName: DOCUMENT,
    InstanceIds: ids,
    Comment: comment,
    TimeoutSeconds: DELIVERY_SECONDS,
    Parameters: { commands: script.split('\n'), executionTimeout: [String(seconds)] },
  });
  const answer = await client.send(command, { abortSignal: callSignal(signal) });
  return commandAnswer.parse(answer).Command.CommandId;
}

const commandsAnswer = z.object({
  Commands: z.array(z.object({ CommandId: z.string(), Comment: z.string().nullish() })).default([]),
});

/** A command that we sent a moment ago: among the newest, or not there. */
export async function findCommand(
  client: SSMClient,
  comment: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const answer = await client.send(new ListCommandsCommand({ MaxResults: PAGE }), {
    abortSignal: callSignal(signal),
  });
  const { Commands } = commandsAnswer.parse(answer);
  return Commands.find(({ Comment }) => Comment === comment)?.CommandId;
}

const invocationsAnswer = z.object({
  CommandInvocations: z
    .array(
      z.object({
        InstanceId: z.string(),
        Status: z.string(),
        StatusDetails: z.string().nullish(),
        CommandPlugins: z
          .array(z.object({ ResponseCode: z.number().nullish(), Output: z.string().nullish() }))
          .default([]),
      }),
    )
    .default([]),
  NextToken: z.string().nullish(),
});

/** What a command came to on one machine. */
export interface Invocation {
  id: string;
  /** `Success`, `Failed`, `TimedOut`, `Cancelled`; `InProgress` and others while it is not over. */
  status: string;
  details: string;
  /** Exit code of the script; undefined when it did not run to its end. */
  code: number | undefined;
  /** The first 2,500 characters of what it printed. */
  output: string;
}

export async function listInvocations(
  client: SSMClient,
  commandId: string,
  signal: AbortSignal,
): Promise<Invocation[]> {
  const found: Invocation[] = [];
  let token: string | undefined;
  do {
    const command = new ListCommandInvocationsCommand({
      CommandId: commandId,
      Details: true,
      MaxResults: PAGE,
      ...(token === undefined ? {} : { NextToken: token }),
    });
    const answer = await client.send(command, { abortSignal: callSignal(signal) });
    const { CommandInvocations, NextToken } = invocationsAnswer.parse(answer);
    found.push(
      ...CommandInvocations.map((one) => ({
        id: one.InstanceId,
        status: one.Status,
        details: one.StatusDetails ?? one.Status,
        code: one.CommandPlugins[0]?.ResponseCode ?? undefined,
        output: one.CommandPlugins.map(({ Output }) => Output ?? '').join('\n'),
      })),
    );
    token = NextToken ?? undefined;
  } while (token !== undefined);
  return found;
}

/** Asks the machines to end it; whether they could is not said. */
export async function cancelCommand(
  client: SSMClient,
  commandId: string,
  signal: AbortSignal,
): Promise<void> {
  await client.send(new CancelCommandCommand({ CommandId: commandId }), { abortSignal: signal });
}
