/** Stores of a function outside the network: the parameter store, queues, and control-emergency. */
import { LambdaClient } from '@aws-sdk/client-lambda';
import { clientSettings } from '../adapters/aws/clients.ts';
import { invokeFunction } from '../adapters/aws/invoke-function.ts';
import { controlBreakers } from '../adapters/control/breakers.ts';
import { openAnswer } from '../adapters/control/envelope.ts';
import { FUNCTION_VARIABLES, functionAddress } from '../config/resource-names.ts';
import { BackoutError } from '../model/error.ts';
import type { Breakers } from '../ports/breakers.ts';
import { absentBreakers, absentPostgres, notConfigured } from './absent-stores.ts';
import { journalWithQueue, messagesToQueue, openQueue } from './function-queues.ts';
import { openFlags } from './open-flags.ts';
import { mainRegion } from './parameter-store.ts';
import type { Stores, StoresContext } from './stores.ts';

/** One round trip through control-emergency; it gives Redis 1 s itself (design §5.1). */
const CONTROL_MS = 1_000;

/** @throws BackoutError E_REGION, E_FUNCTION_SETUP (usage) */
export async function openRemoteStores(
  context: StoresContext,
  log: (line: string) => void,
): Promise<Stores> {
  const { options, config, clock, resources } = context;
  const { variables } = options;
  const place = { region: mainRegion(config.environment, variables) };
  const queueOf = (queue: 'messages' | 'journal') =>
    resources.use(openQueue(place, requireVariable(variables, FUNCTION_VARIABLES[queue])));
  const { leases, releases, proofs, journal: primary } = absentPostgres(outside());
  const journal = journalWithQueue({
    primary,
    queue: queueOf('journal'),
    mode: options.journalMode,
    clock,
    log,
  });
  return {
    ...(await openFlags(context)),
    breakers: openBreakers(context, place.region),
    journal,
    leases,
    releases,
    proofs,
    messengers: messagesToQueue(queueOf('messages'), clock, config.messages.timeout),
    drain: () => journal.drain(),
  };
}

function openBreakers({ config, scope, resources }: StoresContext, region: string): Breakers {
  const { environment } = config;
  if (environment.redis === undefined) {
    const setting = `environments.${environment.name}.redis.url`;
    return absentBreakers(notConfigured('E_BREAKERS_UNREACHABLE', 'Redis', setting));
  }
  const client = new LambdaClient(clientSettings({ region, tries: 1 }));
  resources.defer(() => client.destroy());
  const address = functionAddress(scope, 'control-emergency', 'on-alarm');
  return controlBreakers(async (operation, input) => {
    const request = { version: 1, ...scope, operation, input };
    return openAnswer(await invokeFunction({ client, address, capMs: CONTROL_MS }, request));
  });
}

function requireVariable(
  variables: Readonly<Record<string, string | undefined>>,
  name: string,
): string {
  const value = variables[name];
  if (value !== undefined && value !== '') return value;
  throw new BackoutError({
    code: 'E_FUNCTION_SETUP',
    kind: 'usage',
    message: `The function has no ${name}.`,
    remedy: 'Deploy it with infra/: that sets it.',
  });
}

/** Nobody outside the network reaches the journal's database; the queue is the way to it. */
function outside(): BackoutError {
  return new BackoutError({
    code: 'E_JOURNAL_UNREACHABLE',
    message: 'The journal cannot be reached from here.',
    remedy: 'The function journal-drain carries over what was queued.',
    retryable: true,
  });
}
