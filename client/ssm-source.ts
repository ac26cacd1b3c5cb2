/**
 * Reads the flags from AWS Systems Manager Parameter Store. An account may read about 40 times per
 * second, all its programs together, so the overrides, which are what an emergency changes, are
 * read at each look (one call per ten documents), and base and safe values once a minute.
 *
 * The SDK is loaded when the first look is taken: an application with files never loads it.
 */

import { overrideFiles, relativeName } from '../src/adapters/aws/ssm-names.ts';
import { randomIds } from '../src/adapters/random-ids.ts';
import { systemClock } from '../src/adapters/system-clock.ts';
import { type DocumentText, parseFlagValues } from '../src/model/flag-documents.ts';
import { type FlagPart, formatPart, mergeParts, parsePartName } from '../src/model/flag-parts.ts';
import { VALUES_EVERY_SECONDS } from '../src/model/parameter-rates.ts';
import type { Scope } from '../src/model/scope.ts';
import type { StoreLook, StoredValues } from './shared-reader.ts';
import type { ParameterClient } from './ssm-client.ts';

/** Where the parameters are, and how to get there. */
export interface ParameterStoreOptions {
  /** `eu-central-1`. Left out: the SDK finds it. */
  region?: string;
  /** `state.parameter_prefix` of `backout.yml`. Default `/backout`. */
  prefix?: string;
  /** Left out: the SDK finds them, as it does anywhere. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** Address of another server than AWS. */
  endpoint?: string;
  /**
   * A folder of this host and this user, in which processes that follow the same service share one
   * reader. Left out: each process reads for itself.
   */
  shareDirectory?: string;
  /** Milliseconds between two readings of base and safe values. Default 60,000. */
  valuesEveryMs?: number;
}

interface SourceOptions extends ParameterStoreOptions {
  scope: Scope;
  /** The values have been read: a look is worth it now. */
  onChange: () => void;
  /** Values could not be read; what was known stays. */
  onError: (error: unknown) => void;
}

/** The first look waits this long for the values; a start may take 1.5 s in all. */
const FIRST_WAIT_MS = 1_200;
/** Values that could not be read are tried again after this, not at every look. */
const AGAIN_MS = 5_000;

/** Takes one look at the store. @throws ParameterFailure */
export type TakeLook = () => Promise<StoreLook>;

export function openSsmSource(options: SourceOptions): { look: TakeLook; close: () => void } {
  const { scope, onChange, onError, prefix = '/backout' } = options;
  const root = `${prefix}/${scope.service}/${scope.environment}`;
  const everyMs = options.valuesEveryMs ?? VALUES_EVERY_SECONDS * 1_000;
  let opening: Promise<ParameterClient> | undefined;
  let values: StoredValues | undefined;
  let underWay: Promise<void> | undefined;
  let dueAt = 0;
  let isMissed = false;

  async function readValues({ values: calls }: ParameterClient): Promise<void> {
    try {
      const [base, safe] = await Promise.all(
        [`${root}/flags`, `${root}/safe`].map(async (path) =>
          groupsOf(path, await calls.list(path)),
        ),
      );
      values = { stamp: randomIds.next(), base: base ?? {}, safe: safe ?? {} };
      // Shorter by up to a fifth, at random: hosts that started together must not ask together.
      dueAt = performance.now() + everyMs * (1 - Math.random() / 5);
      if (isMissed) onChange();
      isMissed = false;
    } catch (error) {
      dueAt = performance.now() + Math.min(AGAIN_MS, everyMs);
      onError(error);
    }
    underWay = undefined;
  }

  return {
    async look() {
      opening ??= import('./ssm-client.ts').then((loaded) => loaded.openClient(options));
      const opened = await opening;
      if (performance.now() >= dueAt) underWay ??= readValues(opened);
      const path = `${root}/overrides`;
      const overrides = overrideFiles(path, await opened.looks.list(path));
      if (values === undefined && underWay !== undefined) {
        await Promise.race([underWay, systemClock.sleep(FIRST_WAIT_MS)]);
      }
      isMissed = values === undefined;
      return { overrides, ...(values === undefined ? {} : { values }) };
    },
    close() {
      opening?.then((opened) => opened.close(), onError);
    },
  };
}

type Stored = readonly { name: string; value: string }[];

/** As files, the parts of each group as one document; null when one of them cannot be understood. */
function groupsOf(path: string, stored: Stored): Record<string, DocumentText> {
  const groups = new Map<string, (FlagPart | undefined)[]>();
  for (const { name, value } of stored) {
    const place = parsePartName(relativeName(path, name));
    if (place === undefined) continue;
    const values = parseFlagValues(value);
    const part = values === undefined ? undefined : { number: place.number, values };
    groups.set(place.group, [...(groups.get(place.group) ?? []), part]);
  }
  return Object.fromEntries(
    [...groups].map(([group, parts]) => {
      const whole = parts.filter((part) => part !== undefined);
      const text = whole.length === parts.length ? formatPart(mergeParts(whole)) : null;
      return [`${group}.json`, text];
    }),
  );
}
