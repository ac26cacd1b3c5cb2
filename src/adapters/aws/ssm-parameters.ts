/** The calls of the parameter store that we make, with repeats and all pages. */

import {
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  type Parameter,
  PutParameterCommand,
  type PutParameterCommandInput,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { PARAMETERS_PER_CALL } from '../../model/parameter-rates.ts';
import {
  ParameterFailure,
  PATIENCE,
  type Patience,
  type RetryOptions,
  withRetries,
} from './ssm-retry.ts';

export interface StoredParameter {
  name: string;
  value: string;
  /** Counts the writes of this parameter, from 1. */
  version: number;
  /** Of type SecureString: the value is encrypted unless it was asked for otherwise. */
  isSecret: boolean;
}

/** All methods: @throws ParameterFailure */
export interface ParameterCalls {
  /** Everything below the path, at any depth, all pages. Secrets come encrypted. */
  list(path: string): Promise<StoredParameter[]>;
  /** Those of the names that exist, by name. */
  get(
    names: readonly string[],
    options?: { decrypt: boolean },
  ): Promise<Map<string, StoredParameter>>;
  /** One version of a parameter's last 100; undefined when there is none. */
  getVersion(name: string, version: number): Promise<StoredParameter | undefined>;
  /**
   * Puts a parameter that is not there. `exists`: one was there before us. `unclear`: one is there,
   * and it may be ours, because an earlier try got no answer.
   */
  create(name: string, value: string): Promise<'created' | 'exists' | 'unclear'>;
  /** Puts a new value. Silence is not repeated, because the version is what tells who was first. */
  overwrite(name: string, value: string): Promise<{ version: number }>;
}

export interface ParameterOptions extends Omit<RetryOptions, 'patience'> {
  /** Made with `clientSettings({ tries: 1 })`. */
  client: SSMClient;
  patience?: Patience;
}

/** So many pages: 100 times the parameters that an account may have. It only makes sure of an end. */
const MOST_PAGES = 100_000;

export function ssmParameters({ client, ...rest }: ParameterOptions): ParameterCalls {
  const retry: RetryOptions = { patience: PATIENCE, ...rest };

  async function page(path: string, token: string | undefined) {
    const command = new GetParametersByPathCommand({
      Path: path,
      Recursive: true,
      MaxResults: PARAMETERS_PER_CALL,
      ...(token === undefined ? {} : { NextToken: token }),
    });
    return await withRetries(retry, (abortSignal) => client.send(command, { abortSignal }));
  }

  async function put(
    input: PutParameterCommandInput,
    repeats: boolean,
    options = retry,
  ): Promise<number> {
    const command = new PutParameterCommand(input);
    const send = (abortSignal: AbortSignal) => client.send(command, { abortSignal });
    const { Version = 0 } = await withRetries(options, send, repeats);
    return Version;
  }

  async function create(name: string, value: string, tier: 'Standard' | 'Advanced') {
    let silence = false;
    const noticing: RetryOptions = {
      ...retry,
      onPause(problem) {
        silence ||= problem === 'unanswered';
        retry.onPause?.(problem);
      },
    };
    try {
      const input = { Name: name, Value: value, Type: 'String', Tier: tier } as const;
      await put({ ...input, Overwrite: false }, true, noticing);
      return 'created';
    } catch (error) {
      if (!isRejected(error, 'ParameterAlreadyExists')) throw error;
      return silence ? 'unclear' : 'exists';
    }
  }

  return {
    async list(path) {
      const found: StoredParameter[] = [];
      let token: string | undefined;
      for (let pages = 0; pages < MOST_PAGES; pages += 1) {
        const { Parameters = [], NextToken } = await page(path, token);
        found.push(...Parameters.flatMap(parse));
        token = NextToken;
        if (token === undefined || token === '') break;
      }
      return found;
    },
    async get(names, { decrypt } = { decrypt: false }) {
      const found = new Map<string, StoredParameter>();
      for (let at = 0; at < names.length; at += PARAMETERS_PER_CALL) {
        const command = new GetParametersCommand({
          Names: names.slice(at, at + PARAMETERS_PER_CALL),
          WithDecryption: decrypt,
        });
        const { Parameters = [] } = await withRetries(retry, (abortSignal) =>
          client.send(command, { abortSignal }),
        );
        for (const one of Parameters.flatMap(parse)) found.set(one.name, one);
      }
      return found;
    },
    async getVersion(name, version) {
      const command = new GetParameterCommand({ Name: `${name}:${version}` });
      try {
        const answer = await withRetries(retry, (abortSignal) =>
          client.send(command, { abortSignal }),
        );
        return answer.Parameter === undefined ? undefined : parse(answer.Parameter)[0];
      } catch (error) {
        if (isRejected(error, 'ParameterVersionNotFound') || isRejected(error, 'ParameterNotFound'))
          return undefined;
        throw error;
      }
    },
    async create(name, value) {
      try {
        return await create(name, value, 'Standard');
      } catch (error) {
        // The account has all the 10,000 parameters that cost nothing. This one is worth its cents.
        if (!isRejected(error, 'ParameterLimitExceeded')) throw error;
        return await create(name, value, 'Advanced');
      }
    },
    async overwrite(name, value) {
      return { version: await put({ Name: name, Value: value, Overwrite: true }, false) };
    },
  };
}

/** Whether AWS refused for this reason. */
function isRejected(error: unknown, awsName: string): boolean {
  return (
    error instanceof ParameterFailure && error.problem === 'rejected' && error.awsName === awsName
  );
}

/** Without a value it reads as an empty text, which nobody understands: it is there all the same. */
function parse(parameter: Parameter): StoredParameter[] {
  const { Name: name, Value: value = '', Version: version = 0, Type: type } = parameter;
  return name === undefined ? [] : [{ name, value, version, isSecret: type === 'SecureString' }];
}
