/** Where postmortem drafts go. */
export interface PostmortemStore {
  /**
   * Writes the draft of an incident; again = replaced, the place stays. What a person has edited
   * since is never replaced: then the draft goes to a new place.
   * @returns where people find it: a path or a link
   */
  publish(incident: string, openedAt: string, markdown: string): Promise<string>;
}
