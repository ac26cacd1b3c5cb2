/** What the migrations between two releases mean for the older one's code. */
export interface MigrationAudit {
  /**
   * @param older commit that would be gone back to
   * @param live commit that is live
   * @returns `why` is the end of a sentence about the older release
   */
  between(
    older: string,
    live: string,
  ): Promise<{ verdict: 'safe' | 'breaking' | 'unclear'; why: string }>;
}
