import { BackoutError } from '../../model/error.ts';
import type { ReleaseRef } from '../../ports/target.ts';
import { inputsFor } from './dispatch.ts';
import { commitOfTag, defaultBranch, fileAt } from './repository-calls.ts';
import { readWorkflow } from './workflow-calls.ts';
import { whyNotStartable } from './workflow-file.ts';
import type { WorkflowOptions } from './workflow-options.ts';

/**
 * Proves as much as GitHub tells: the tag is there and stands for this commit, the workflow is
 * switched on, and its file is there at the ref that will be used, can be started by hand and knows
 * our inputs. Whether the token may start it, and whether a rule of the repository forbids it, shows
 * only when it is started.
 * @throws BackoutError E_ARTEFACT_MISSING, E_PREFLIGHT (refused)
 */
export async function proveStartable(
  options: WorkflowOptions,
  release: ReleaseRef,
  signal: AbortSignal,
): Promise<void> {
  const { name, file, repository } = options;
  const [commit, workflow, ref] = await Promise.all([
    commitOfTag(options, release.tag, signal),
    readWorkflow(options, signal),
    options.ref === 'tag' ? release.commit : defaultBranch(options, signal),
  ]);
  if (commit === undefined) throw missing(name, `${repository} has no such tag on GitHub`, release);
  if (commit !== release.commit) {
    const why = `its tag was moved on GitHub: it stands for ${commit.slice(0, 10)}, and not for ${release.commit.slice(0, 10)}`;
    throw missing(name, why, release);
  }
  if (workflow.state !== 'active') {
    const why = `${file} is switched off (${workflow.state})`;
    const remedy = `Switch it on: \`gh workflow enable ${file} --repo ${repository}\`.`;
    throw notStartable(name, why, release, remedy);
  }
  const text = await fileAt(options, `.github/workflows/${file}`, ref, signal);
  if (text === undefined) {
    const where = options.ref === 'tag' ? release.tag : `the branch ${ref}`;
    const why = `${where} has no .github/workflows/${file}`;
    if (options.ref === 'tag') throw missing(name, why, release);
    throw notStartable(name, why, release, 'Correct `file` of this target in backout.yml.');
  }
  const why = whyNotStartable(text, inputsFor(options, release, { incident: '', fence: 0 }));
  if (why === undefined) return;
  const remedy =
    options.ref === 'tag'
      ? `That is how ${file} was at ${release.tag}. Let \`inputs\` fit it, choose another release, or set \`ref: default_branch\` and give the tag as an input.`
      : 'Let `inputs` of this target fit the inputs of the workflow.';
  throw notStartable(name, `${file}: ${why}`, release, remedy);
}

function missing(name: string, why: string, { tag }: ReleaseRef): BackoutError {
  return new BackoutError({
    code: 'E_ARTEFACT_MISSING',
    kind: 'refused',
    message: `${tag} cannot be deployed to ${name}: ${why}.`,
    state: `${name} was not touched.`,
    remedy:
      'Choose another release with `backout assess`. For releases from before the workflow: `ref: default_branch` (docs/targets.md).',
  });
}

function notStartable(
  name: string,
  why: string,
  { tag }: ReleaseRef,
  remedy: string,
): BackoutError {
  return new BackoutError({
    code: 'E_PREFLIGHT',
    kind: 'refused',
    message: `${tag} is not deployed to ${name}: ${why}.`,
    state: `${name} was not touched.`,
    remedy,
  });
}
