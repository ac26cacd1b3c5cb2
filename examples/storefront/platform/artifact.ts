import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { textOf } from './json.ts';

/** One release, ready to run: a folder with the code and this description of it. */
export interface Artifact {
  tag: string;
  commit: string;
  /** SHA-256 over the names and contents of all files, hexadecimal. */
  digest: string;
}

const DESCRIPTION = 'artifact.json';

/** Where the artefact of a tag is. */
export function artifactDirectory(artifacts: string, tag: string): string {
  return join(artifacts, tag);
}

/** Writes the description beside the code, as the last act of a build. */
export function sealArtifact(directory: string, tag: string, commit: string): Artifact {
  const artifact = { tag, commit, digest: digestOf(directory) };
  writeFileSync(join(directory, DESCRIPTION), `${JSON.stringify(artifact, null, 2)}\n`);
  return artifact;
}

/**
 * Proves that the artefact is there, whole, and built from this commit.
 * @throws {Error} that says what is wrong with it
 */
export function verifyArtifact(artifacts: string, tag: string, commit: string): Artifact {
  const directory = artifactDirectory(artifacts, tag);
  const artifact = readArtifact(directory, tag);
  if (artifact.tag !== tag || artifact.commit !== commit) {
    throw new Error(
      `the artefact in ${directory} is ${artifact.tag} built from ${artifact.commit}, ` +
        `wanted is ${tag} from ${commit}`,
    );
  }
  if (digestOf(directory) !== artifact.digest) {
    throw new Error(`the artefact in ${directory} was changed after it was built: build it again`);
  }
  return artifact;
}

function readArtifact(directory: string, tag: string): Artifact {
  try {
    const value: unknown = JSON.parse(readFileSync(join(directory, DESCRIPTION), 'utf8'));
    return {
      tag: textOf(value, 'tag'),
      commit: textOf(value, 'commit'),
      digest: textOf(value, 'digest'),
    };
  } catch (cause) {
    throw new Error(`there is no usable artefact of ${tag} in ${directory}`, { cause });
  }
}

function digestOf(directory: string): string {
  const digest = createHash('sha256');
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== DESCRIPTION);
  for (const path of files.map((file) => join(file.parentPath, file.name)).toSorted()) {
    const content = createHash('sha256').update(readFileSync(path)).digest('hex');
    digest.update(`${path.slice(directory.length)}\0${content}\n`);
  }
  return digest.digest('hex');
}
