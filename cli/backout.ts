#!/usr/bin/env node
import { runProgram } from './program.ts';

// Whoever read our output may leave (`backout … | head`): the work is finished all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

process.exitCode = await runProgram(process.argv.slice(2));
