import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { EnvironmentVariables } from '../../src/config/environment.ts';
import { type BundleName, bundlePath } from './bundles.ts';

export interface ActionRun {
  exitCode: number | null;
  /** By name, as later steps of a workflow would read them. */
  outputs: Record<string, string>;
  /** Markdown of the page under the run. */
  summary: string;
  /** Annotations of the kind error. */
  errors: string[];
  /** Annotations of the kind warning. */
  warnings: string[];
  /** What it told the runner to keep out of the log. */
  masks: string[];
}

export interface ActionRequest {
  action: Exclude<BundleName, 'on-alarm'>;
  inputs: Record<string, string>;
  /** Folder of the checked-out repository. */
  workspace: string;
  /** Folder for the files that a runner provides. */
  directory: string;
  actor: string;
  variables: EnvironmentVariables;
  /** Gets every line of the log, without the runner's commands. */
  log: (line: string) => void;
}

/** Longer than the budget of the level that the drill runs. */
const LIMIT_MS = 90_000;

/** Runs a built Action as a runner does: inputs in variables, outputs and the page in files. */
export async function runAction(request: ActionRequest): Promise<ActionRun> {
  const { action, inputs, workspace, directory, actor, variables, log } = request;
  const [output, page] = [join(directory, 'output'), join(directory, 'summary.md')];
  await Promise.all([writeFile(output, ''), writeFile(page, '')]);
  const given = Object.entries(inputs).map(([name, text]): [string, string] => [
    `INPUT_${name.toUpperCase()}`,
    text,
  ]);
  const child = spawn(process.execPath, [bundlePath(action)], {
    cwd: workspace,
    env: {
      ...variables,
      ...Object.fromEntries(given),
      GITHUB_ACTIONS: 'true',
      GITHUB_ACTOR: actor,
      GITHUB_WORKSPACE: workspace,
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: page,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const errors: string[] = [];
  const warnings: string[] = [];
  const masks: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('::error')) errors.push(line.replace(/^::error[^:]*::/, ''));
    if (line.startsWith('::warning')) warnings.push(line.replace(/^::warning[^:]*::/, ''));
    if (line.startsWith('::add-mask::')) masks.push(line.slice('::add-mask::'.length));
    // The runner obeys such lines and does not show them.
    if (!line.startsWith('::')) log(line);
  });
  await once(child, 'close');
  return {
    exitCode: child.exitCode,
    outputs: parseOutputs(await readFile(output, 'utf8')),
    summary: await readFile(page, 'utf8'),
    errors,
    warnings,
    masks,
  };
}

/** `NAME<<MARK`, the lines of the value, `MARK`: the format of the runner's file. */
function parseOutputs(text: string): Record<string, string> {
  const outputs = text.matchAll(/^([\w-]+)<<(\S+)\r?\n([^]*?)\r?\n?\2$/gm);
  return Object.fromEntries(
    [...outputs].map(([, name = '', , value = '']) => [name, value.trimEnd()]),
  );
}
