/** A comment that Backout wrote. */
export interface OwnComment {
  id: number;
  body: string;
}

/** Where people talk about one pull request. */
export interface PullRequestComments {
  /**
   * The comment of ours that begins with this line. Anybody can write such a line: those of others
   * are none of ours.
   */
  find(mark: string): Promise<OwnComment | undefined>;
  create(body: string): Promise<void>;
  update(id: number, body: string): Promise<void>;
}
