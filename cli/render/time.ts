/** `14:12:01 UTC`, with the local time beside it where that differs. */
export function formatTime(instant: number | string): string {
  const date = new Date(instant);
  const utc = date.toISOString().slice(11, 19);
  const local = date.toLocaleTimeString('en-GB', { hour12: false });
  return local === utc ? `${utc} UTC` : `${utc} UTC (${local} here${dayOffset(date)})`;
}

/** `2026-11-23 14:12:01 UTC`, with the local time beside it where that differs. */
export function formatInstant(instant: number | string): string {
  return `${new Date(instant).toISOString().slice(0, 10)} ${formatTime(instant)}`;
}

/** The local date may be another one than the date in front of the time. */
function dayOffset(date: Date): string {
  const here = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  const there = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  if (here === there) return '';
  return here > there ? ', next day' : ', day before';
}

/** `0.21 s`, `45 s`, `4 min 10 s`: three digits are enough, and a round number needs one. */
export function formatDuration(ms: number): string {
  if (ms < 9_995) return `${(ms / 1000).toFixed(ms % 1000 === 0 ? 0 : 2)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  const rest = seconds % 60;
  return `${Math.floor(seconds / 60)} min${rest === 0 ? '' : ` ${rest} s`}`;
}

/** `4 min ago`, `7 hours ago`, `6 days ago`: whole units, rounded down. */
export function formatAge(instant: number | string, now: number): string {
  const seconds = Math.max(0, Math.floor((now - new Date(instant).getTime()) / 1000));
  const units = [
    [86_400, 'days'],
    [3_600, 'hours'],
    [60, 'min'],
  ] as const;
  for (const [length, unit] of units) {
    const count = Math.floor(seconds / length);
    if (count >= 1) return `${count} ${count === 1 ? unit.replace(/s$/, '') : unit} ago`;
  }
  return 'just now';
}
