/** What an application loads along with the client. */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const client = new URL('../../client/', import.meta.url).href;

/** Addresses of all modules that are loaded for this one, in a process of its own. */
function loadedFor(file: string): string[] {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
    await import(${JSON.stringify(`${client}${file}`)});
    process.stdout.write(JSON.stringify(loaded));
  `;
  const words = ['--input-type=module', '-e', script];
  const printed = execFileSync(process.execPath, words, { cwd: fileURLToPath(client) });
  const parsed: unknown = JSON.parse(printed.toString());
  return Array.isArray(parsed) ? parsed.map(String) : [];
}

test('An application whose flags are in files loads neither the AWS SDK nor a schema library.', () => {
  const loaded = loadedFor('index.ts');
  expect(loaded.some((url) => url.includes('/node_modules/ioredis/'))).toBe(true);
  expect(loaded.filter((url) => /node_modules\/(@aws-sdk|@smithy|zod)\//.test(url))).toEqual([]);
});

test('One whose flags are in the parameter store loads the AWS SDK, and no schema library.', () => {
  const loaded = loadedFor('ssm-client.ts');
  expect(loaded.some((url) => url.includes('/node_modules/@aws-sdk/client-ssm/'))).toBe(true);
  expect(loaded.filter((url) => /node_modules\/zod\//.test(url))).toEqual([]);
});
