import * as z from 'zod';
import { BackoutError } from '../../model/error.ts';
import type { OwnComment, PullRequestComments } from '../../ports/pull-request.ts';
import { classify, saidBy } from './call-error.ts';
import { type GitHub, ownerAndName } from './client.ts';

const PAGE = 100;
/** 3,000 comments: whoever has more of them reads none. */
const MOST_PAGES = 30;
/** Who comments with the token that GitHub gives to a workflow. */
const WORKFLOW_LOGIN = 'github-actions[bot]';

const comment = z.object({
  id: z.int(),
  body: z.string().nullish(),
  user: z.object({ login: z.string() }).nullish(),
});
const who = z.object({ login: z.string() });

export interface PullRequestPlace {
  github: GitHub;
  /** `acme/shop`. */
  repository: string;
  number: number;
  signal: AbortSignal;
}

/**
 * Comments on a pull request, which are comments of the issue with its number.
 * @throws BackoutError E_COMMENT from every method
 */
export function gitHubComments(place: PullRequestPlace): PullRequestComments {
  const { github, repository, number, signal } = place;
  const names = ownerAndName(repository);

  /** The login of the token. The one of a workflow may not ask: then it is the one of workflows. */
  async function ownLogin(): Promise<string> {
    try {
      const answer = await github.call({ route: 'GET /user', parameters: {}, answer: who, signal });
      return answer.login;
    } catch (error) {
      const failure = classify(error, signal);
      if (failure === 'denied' || failure === 'missing') return WORKFLOW_LOGIN;
      throw error;
    }
  }

  async function findMarked(mark: string): Promise<OwnComment | undefined> {
    let login: string | undefined;
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const comments = await github.call({
        route: 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
        parameters: { ...names, issue_number: number, per_page: PAGE, page },
        answer: z.array(comment),
        signal,
      });
      for (const { id, body, user } of comments) {
        if (typeof body !== 'string' || body.split(/\r?\n/, 1)[0] !== mark) continue;
        login ??= await ownLogin();
        if (user?.login === login) return { id, body };
      }
      if (comments.length < PAGE) return undefined;
    }
    // One more could be a second one.
    throw failed(`it has more than ${MOST_PAGES * PAGE} comments`);
  }

  return {
    find: (mark) => explained(() => findMarked(mark), signal),
    async create(body) {
      await explained(
        () =>
          github.call({
            route: 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
            parameters: { ...names, issue_number: number, body },
            answer: z.unknown(),
            signal,
            repeat: false,
          }),
        signal,
      );
    },
    async update(id, body) {
      await explained(
        () =>
          github.call({
            route: 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
            parameters: { ...names, comment_id: id, body },
            answer: z.unknown(),
            signal,
          }),
        signal,
      );
    },
  };
}

async function explained<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof BackoutError) throw error;
    throw failed(saidBy(error), classify(error, signal) === 'denied');
  }
}

function failed(why: string, isDenied = false): BackoutError {
  return new BackoutError({
    code: 'E_COMMENT',
    message: `The comment on the pull request could not be written: ${why}.`,
    state: 'The audit itself is done; its result is on the page of the run.',
    remedy: isDenied
      ? 'Give the job `permissions: pull-requests: write`. For a pull request from a fork GitHub gives a token that may only read: read the page of the run.'
      : 'Run the job again.',
    retryable: !isDenied,
  });
}
