import { spawn } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { consoleMessenger } from '../../../src/adapters/console/messenger.ts';
import { messageWith } from '../../contracts/messages.ts';

const { signal } = new AbortController();

describe('messages on the console', () => {
  it('are plain lines, the title first', async () => {
    const stream = new PassThrough();
    await consoleMessenger({ stream }).send(messageWith(), signal);
    expect(String(stream.read())).toBe(
      'ROLLBACK: storefront production goes back to v1.1.0\n' +
        '  Reason: error rate 21 %.\n' +
        '  Next: deploy.\n',
    );
  });

  it('cannot move the cursor or pretend to be other lines', async () => {
    const stream = new PassThrough();
    const lines = ['Reason: \u001b[2J\u001b[1;1Hall is well\r\nROLLBACK COMPLETE\u009b31m'];
    await consoleMessenger({ stream }).send(messageWith({ lines }), signal);
    const text = String(stream.read());
    expect(text.trim().split('\n')).toHaveLength(2);
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u009b]/);
  });

  it('do not take the process down when nobody reads them any more', async () => {
    const adapter = new URL('../../../src/adapters/console/messenger.ts', import.meta.url);
    const code = `
      import { consoleMessenger } from ${JSON.stringify(adapter.href)};
      const messenger = consoleMessenger({ stream: process.stdout });
      await new Promise((resolve) => process.stdin.once('data', resolve));
      const message = { key: 'a', title: 'A', lines: [] };
      const { signal } = new AbortController();
      const first = await messenger.send(message, signal);
      const second = await messenger.send({ ...message, key: 'b' }, signal);
      console.error(JSON.stringify([first.delivered, second.delivered]));
      process.exit(0);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code]);
    child.stdout.destroy();
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    child.stdin.end('go\n');
    const exit = await new Promise((resolve) => {
      child.once('close', resolve);
    });
    expect({ exit, said: said.trim() }).toEqual({ exit: 0, said: '[false,false]' });
  });
});
