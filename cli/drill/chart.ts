const WIDTH = 760;
const HEIGHT = 260;
const LEFT = 48;
const BOTTOM = 40;
const TOP = 16;

/** An SVG line of shares (0..1) over milliseconds, with vertical marks. No library: it is one line. */
export function drawErrorChart(
  points: readonly (readonly [number, number])[],
  marks: readonly { at: number; text: string }[],
): string {
  const end = Math.max(1, ...points.map(([at]) => at), ...marks.map(({ at }) => at));
  const top = Math.max(0.1, ...points.map(([, value]) => value)) * 1.1;
  const x = (at: number): string => (LEFT + (at / end) * (WIDTH - LEFT - 12)).toFixed(1);
  const y = (value: number): string =>
    (TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const line = points.map(([at, value]) => `${x(at)},${y(value)}`).join(' ');
  const floor = HEIGHT - BOTTOM;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    ...[0, top / 2, top].map(
      (value) =>
        `<line x1="${LEFT}" x2="${WIDTH - 12}" y1="${y(value)}" y2="${y(value)}" stroke="#dddddd"/>` +
        `<text x="4" y="${y(value)}" fill="#555555">${(value * 100).toFixed(0)} %</text>`,
    ),
    `<polyline points="${line}" fill="none" stroke="#c0392b" stroke-width="2"/>`,
    ...marks.map(({ at, text }, index) => {
      const height = TOP + 10 + (index % 4) * 13;
      return (
        `<line x1="${x(at)}" x2="${x(at)}" y1="${TOP}" y2="${floor}" stroke="#2c3e50" stroke-dasharray="3 3"/>` +
        `<text x="${x(at)}" y="${height}" dx="3" fill="#2c3e50">${escape(text)}</text>`
      );
    }),
    `<text x="${LEFT}" y="${HEIGHT - 12}" fill="#555555">0 s</text>`,
    `<text x="${WIDTH - 60}" y="${HEIGHT - 12}" fill="#555555">${(end / 1000).toFixed(0)} s</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
