// Makes the storefront's git repository and the artefacts of its releases.
//
//   node build-repository.ts DIR

import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { artifactDirectory, sealArtifact } from './platform/artifact.ts';
import { type Git, openGit } from './platform/git.ts';

export interface BuildOptions {
  /** Gets `repository/` and `artifacts/`; neither may be there yet. */
  directory: string;
  /** Absolute URL of the client library that the releases import. */
  clientUrl: string;
}

interface BuiltRelease {
  tag: string;
  commit: string;
}

export interface BuiltRepository {
  /** Work tree with all tags. */
  repository: string;
  /** One folder per tag, ready to run. */
  artifacts: string;
  /** Oldest first. */
  releases: BuiltRelease[];
}

interface Recipe {
  tag: string;
  /** Commit message. */
  change: string;
  /** Message of an annotated tag; a lightweight one has none. */
  annotation?: string;
  date: string;
}

/** Each release is the one before with the files of `releases/<tag>/` on top. */
const RECIPES: Recipe[] = [
  {
    tag: 'v1.0.0',
    change: 'Sell readings: sign-up, orders, profile, payment validation',
    date: '2026-01-12T09:00:00Z',
  },
  {
    tag: 'v1.1.0',
    change: 'Offer the year ahead, and say how long each reading takes',
    annotation: 'The year ahead',
    date: '2026-01-19T09:00:00Z',
  },
  {
    tag: 'v1.1.1',
    change: 'Count in whole cents without a floating-point call',
    date: '2026-01-21T15:30:00Z',
  },
  {
    tag: 'v1.2.0',
    change: 'Keep the database connection open between statements',
    annotation: 'Faster pages',
    date: '2026-01-26T09:00:00Z',
  },
];

const SOURCE = import.meta.dirname;
/** `.ts` from the sources, `.js` when this package was compiled. */
const EXTENSION = extname(import.meta.filename);
const CLIENT_FILE = `client${EXTENSION}`;

/**
 * Same sources, same commits: author, committer and dates are fixed.
 * @throws {Error} when the folder already has a repository or artefacts, or git fails
 */
export async function buildRepository(options: BuildOptions): Promise<BuiltRepository> {
  const directory = resolve(options.directory);
  const repository = join(directory, 'repository');
  const artifacts = join(directory, 'artifacts');
  for (const taken of [repository, artifacts].filter((path) => existsSync(path))) {
    throw new Error(`${taken} is already there: remove it, or name another folder`);
  }
  mkdirSync(repository, { recursive: true });
  mkdirSync(artifacts);
  const git = await openGit(repository);
  await writeFirstCommit(git, repository);
  const releases: BuiltRelease[] = [];
  for (const recipe of RECIPES) {
    const commit = await commitRelease(git, repository, recipe);
    await exportArtifact(git, recipe.tag, commit, artifacts, options.clientUrl);
    releases.push({ tag: recipe.tag, commit });
  }
  return { repository, artifacts, releases };
}

async function writeFirstCommit(git: Git, repository: string): Promise<void> {
  const manifest = { name: 'storefront', private: true, type: 'module' };
  writeFileSync(join(repository, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(repository, '.gitignore'), `service/${CLIENT_FILE}\nartifact.json\n`);
  await git.commitAll('Start the storefront', '2026-01-05T09:00:00Z');
}

async function commitRelease(git: Git, repository: string, recipe: Recipe): Promise<string> {
  const { tag, change, annotation, date } = recipe;
  const overlay = join(SOURCE, 'releases', tag);
  // The first release has no overlay: it is the service as it is.
  const from = existsSync(overlay) ? overlay : SOURCE;
  cpSync(join(from, 'service'), join(repository, 'service'), {
    recursive: true,
    filter: isReleased,
  });
  const commit = await git.commitAll(change, date);
  await git.tag(tag, annotation, date);
  return commit;
}

function isReleased(path: string): boolean {
  const extension = extname(path);
  return extension === '' || (extension === EXTENSION && basename(path) !== CLIENT_FILE);
}

/** What a build server would do at release time; a rollback only starts what is there. */
async function exportArtifact(
  git: Git,
  tag: string,
  commit: string,
  artifacts: string,
  clientUrl: string,
): Promise<void> {
  const directory = artifactDirectory(artifacts, tag);
  await git.exportTree(tag, directory);
  rmSync(join(directory, '.gitignore'));
  writeFileSync(
    join(directory, 'service', CLIENT_FILE),
    `export { connectBackout } from ${JSON.stringify(clientUrl)};\n`,
  );
  sealArtifact(directory, tag, commit);
}

if (import.meta.main) {
  const [directory] = process.argv.slice(2);
  if (directory === undefined) throw new Error('Name the folder to build in.');
  const clientUrl = new URL(`../../client/index${EXTENSION}`, import.meta.url).href;
  const built = await buildRepository({ directory, clientUrl });
  console.log(JSON.stringify(built, null, 2));
}
