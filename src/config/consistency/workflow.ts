/** A target of kind workflow: what it is given, against what the names of its runs have to say. */
import type { Finding } from '../explain.ts';
import type { Path } from '../problems.ts';
import { isBlock, type RawBlock, texts } from '../raw.ts';
import { needsGithub } from './github.ts';
import { unknownPlaces } from './known.ts';

/** Words in braces that are replaced in inputs, and read in the names of runs. */
const RUN_PLACES = ['tag', 'commit', 'service', 'environment', 'target', 'incident', 'fence'];
/** What an input may be given besides: it is nothing that a run has to be known by. */
const INPUT_PLACES = [...RUN_PLACES, 'artefact'];
/** What only we know: it gets into the name of a run through an input, or not at all. */
const OURS = ['{incident}', '{fence}'];

export function checkWorkflow(raw: unknown, target: RawBlock, path: Path): Finding[] {
  const { inputs, run_name: name, ref, repository } = target;
  return [
    ...(repository === undefined ? needsGithub(raw, path) : []),
    ...unknownPlaces(inputs, INPUT_PLACES, [...path, 'inputs']),
    ...unknownPlaces(name, RUN_PLACES, [...path, 'run_name']),
    ...(ref === 'default_branch' ? checkTagIsSaid(name, path) : []),
    ...(typeof name === 'string' ? checkGiven(name, inputs, path) : []),
  ];
}

/** At the default branch the ref of a run says nothing about the release. */
function checkTagIsSaid(name: unknown, path: Path): Finding[] {
  if (typeof name === 'string' && name.includes('{tag}')) return [];
  return [
    {
      path: [...path, ...(name === undefined ? ['ref'] : ['run_name'])],
      message: 'the runs are at the default branch, and nothing says which release each deployed',
      remedy:
        'Put the tag into `run-name` of the workflow, and say so here: run_name: "Deploy {tag}".',
    },
  ];
}

function checkGiven(name: string, inputs: unknown, path: Path): Finding[] {
  const given = texts(isBlock(inputs) ? Object.values(inputs) : []).map(({ text }) => text);
  return OURS.flatMap((word) =>
    !name.includes(word) || given.some((text) => text.includes(word))
      ? []
      : [
          {
            path: [...path, 'run_name'],
            message: `the name of a run cannot contain ${word}, because no input of the workflow gets it`,
            remedy: `Add an input with "${word}" to this target and to the workflow.`,
          },
        ],
  );
}
