#!/usr/bin/env node
/**
 * The program of the package. Backout needs Node 24, and an emergency must not fail because an
 * older one comes first on the PATH: then the Node that was installed with the package takes over.
 * Plain JavaScript, with nothing in it that Node 20 does not know.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** As `engines` in package.json says. */
const OLDEST = 24;

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'cli/backout.ts');
// Only a checkout has the source; it is what counts there, whatever was compiled before.
const program = existsSync(source) ? source : join(root, 'dist/cli/backout.js');

if (Number.parseInt(process.versions.node, 10) >= OLDEST) {
  await import(pathToFileURL(program).href);
} else {
  const node = findNode();
  if (node === undefined) refuse('and none came with the package');
  else handOver(node);
}

/** The Node of the optional dependency for this system; undefined when it is not installed. */
function findNode() {
  const windows = process.platform === 'win32';
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`;
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    const node = join(folder, 'bin', windows ? 'node.exe' : 'node');
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Runs the program in our place: same arguments, streams and end.
 * @param {string} node
 */
function handOver(node) {
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  /** @param {NodeJS.Signals} signal */
  const pass = (signal) => child.kill(signal);
  // Ctrl-C reaches everybody at the terminal by itself, and a second one would end the program at
  // once: it is passed on only where there is no terminal, and somebody sent it to us alone.
  const terminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  const interrupt = terminal ? () => undefined : pass;
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', pass);
  process.on('SIGHUP', pass);
  child.on('error', (error) => refuse(`and ${node} cannot be started (${error.message})`));
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 1;
      return;
    }
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', pass);
    process.off('SIGHUP', pass);
    // So that whoever started us sees how it really ended.
    process.kill(process.pid, signal);
  });
}

/** @param {string} why the end of a sentence */
function refuse(why) {
  process.stderr.write(
    [
      `E_NODE  Backout needs Node ${OLDEST}; this is ${process.versions.node}, ${why}.`,
      'State:   Nothing was started.',
      `Do:      Install Node ${OLDEST} or newer, then run the same command again.`,
      '',
    ].join('\n'),
  );
  process.exitCode = 2;
}
