import type { LiveRelease } from '../../ports/target.ts';
import type { Activity } from './activity.ts';

/**
 * Which release is live, as far as what happened says so. The newest success counts, unless
 * something came after it that may have changed it. In a deployment of ours that is under way or
 * failed, the release that has to go counts, so that it can be resumed; after one of somebody
 * else's nobody knows.
 * @param activities the newest first
 */
export function liveOf(activities: readonly Activity[]): LiveRelease {
  const notes: string[] = [];
  for (const activity of activities) {
    const { stage, ours, label, release, sure } = activity;
    if (!sure) continue;
    const bringing = `${label} ${words(activity)}`;
    switch (stage) {
      case 'nothing':
        break;
      case 'waiting':
        notes.push(bringing);
        break;
      case 'working':
      case 'failed':
        if (!ours) return { known: false, problem: bringing };
        notes.push(bringing);
        break;
      case 'gone':
        return { known: false, problem: `${label} was taken off, and nothing says what came then` };
      case 'succeeded': {
        if (release === undefined) {
          return { known: false, problem: `${label} does not say which release it deployed` };
        }
        return { known: true, ...release, detail: [label, ...notes].join('; ') };
      }
      default:
        return stage satisfies never;
    }
  }
  const none = 'GitHub knows of no deployment that ended well';
  return { known: false, problem: [none, ...notes].join('; ') };
}

function words({ stage, release }: Activity): string {
  const what = release?.tag ?? 'a release nobody named';
  if (stage === 'waiting') return `is to bring ${what}, and has not begun`;
  if (stage === 'working') return `is bringing ${what}`;
  return `was to bring ${what} and failed, so part of it may be there`;
}
