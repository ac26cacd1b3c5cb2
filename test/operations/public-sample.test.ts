import { expect, test } from 'vitest';
import { writeFileSync } from 'node:fs';
import { auditCase, sample } from './load-public-sample.ts';
test('run', async () => {
  const out: string[] = []; let safeN=0, n=0, missed=0, alarms=0, extra=0, bug=0, exact=0, breakMissed=0;
  for (const one of sample) {
    let found = await auditCase(one);
    // the empty-file bug adds an empty statement
    found = found.filter((f) => f.statement !== '');
    if (found.length !== one.expect.length) out.push(`COUNT ${one.source}: ${found.length} vs ${one.expect.length}\n` + found.map((f) => `   ${f.kind} ${f.statement.slice(0,80)} | ${f.why}`).join('\n'));
    found.forEach((f, i) => { const safe = f.kind === 'additive' || f.kind === 'compatible'; const l = one.expect[i]; 
      if (l === undefined) { if (!safe) { extra++; } return; }
      n++; if (l==='safe') safeN++;
      if ((l === 'safe') === safe && (l==='safe' || l===f.kind)) exact++;
      if ((l === 'safe') !== safe) { if (safe) { missed++; if (l==='breaking') breakMissed++; } else { alarms++; if (/Query cannot be empty/.test(f.why)) bug++; }
      out.push(`${safe ? 'MISSED' : 'ALARM'} label=${l} found=${f.kind} ${one.file} #${i}: ${f.statement.slice(0,110)} | ${f.why} ${f.caution ?? ''}`); } else if (!safe && l !== f.kind) out.push(`DEGREE label=${l} found=${f.kind} ${one.file} #${i}`); });
  }
  out.unshift(JSON.stringify({cases: sample.length, repos: new Set(sample.map(s=>s.source.split(' ')[0])).size, n, safeN, missed, breakMissed, alarms, bug, extra, exact}));
  writeFileSync('/tmp/sample-out.txt', out.join('\n'));
  expect(1).toBe(1);
});
