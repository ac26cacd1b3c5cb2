import { isCommitFormat } from '../../model/release.ts';

type Question = (ancestor: string, commit: string) => Promise<boolean>;

/**
 * Asks once about the same two commits, by their whole names: history does not change. What cannot
 * be told is asked again.
 */
export function askedOnce(ask: Question): Question {
  const answers = new Map<string, Promise<boolean>>();
  return (ancestor, commit) => {
    if (!isCommitFormat(ancestor) || !isCommitFormat(commit)) return ask(ancestor, commit);
    const key = `${ancestor} ${commit}`;
    const answer = answers.get(key) ?? ask(ancestor, commit);
    answers.set(key, answer);
    answer.catch(() => answers.delete(key));
    return answer;
  };
}
