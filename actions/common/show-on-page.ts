import { summary } from '@actions/core';

/** Where there is no page under the run, the log and the outputs have said it all. */
export async function showOnPage(markdown: string): Promise<void> {
  await summary
    .addRaw(markdown, true)
    .write()
    .catch(() => undefined);
}
