/** A TCP server that speaks just enough of the Redis protocol to answer as a test wants. */

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

export interface ScriptedServer extends AsyncDisposable {
  url: string;
  /** Names of the commands that came, in order, without those of the handshake. */
  commands: string[];
}

/** The raw answer to the command; undefined = never answer; `hangUp` = close the connection. */
export type Script = (name: string, count: number) => string | undefined;

export const hangUp = 'hang up';

/** @param script is asked about every command that does not belong to the handshake */
export async function scriptedServer(script: Script): Promise<ScriptedServer> {
  const sockets = new Set<Socket>();
  const commands: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let input = '';
    socket.on('data', (data) => {
      input += data.toString('latin1');
      for (let read = readCommand(input); read !== undefined; read = readCommand(input)) {
        input = read.rest;
        const answer = handshake(read.name) ?? scripted(read.name);
        if (answer === hangUp) socket.destroy();
        else if (answer !== undefined) socket.write(answer);
      }
    });
  });
  function scripted(name: string): string | undefined {
    commands.push(name);
    return script(name, commands.length);
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `redis://127.0.0.1:${port}`,
    commands,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function handshake(name: string): string | undefined {
  switch (name) {
    case 'HELLO':
      return '%1\r\n+proto\r\n:3\r\n';
    case 'CLIENT':
    case 'SELECT':
      return '+OK\r\n';
    case 'INFO':
      return '$9\r\nloading:0\r\n';
    default:
      return undefined;
  }
}

/** Commands are arrays of counted texts: `*2\r\n$3\r\nGET\r\n$1\r\na\r\n`. */
function readCommand(input: string): { name: string; rest: string } | undefined {
  const head = /^\*(\d+)\r\n/.exec(input);
  if (head === null) return undefined;
  let position = head[0].length;
  let name: string | undefined;
  for (let index = 0; index < Number(head[1]); index += 1) {
    const size = /^\$(\d+)\r\n/.exec(input.slice(position, position + 20));
    if (size === null) return undefined;
    const start = position + size[0].length;
    position = start + Number(size[1]) + 2;
    if (position > input.length) return undefined;
    name ??= input.slice(start, position - 2).toUpperCase();
  }
  return { name: name ?? '', rest: input.slice(position) };
}
