/** Where postmortem drafts go. */
export interface PostmortemStore {
  /**
   * Writes the draft of an incident; again = replaced, the place stays.
   * @returns where people find it: a path or a link
   */
  publish(incident: string, openedAt: string, markdown: string): Promise<string>;
}
