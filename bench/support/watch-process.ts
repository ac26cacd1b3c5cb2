/**
 * Loaded before a program that is measured (`node --import`): at its end it writes what only the
 * process itself knows to the file that BENCH_REPORT names.
 */
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const modules: string[] = [];
registerHooks({
  load(url, context, next) {
    if (url.startsWith('file:')) modules.push(url);
    return next(url, context);
  },
});

process.on('exit', () => {
  const { maxRSS } = process.resourceUsage();
  // Node gives kibibytes on every system.
  const report = { peakBytes: maxRSS * 1024, modules };
  writeFileSync(process.env['BENCH_REPORT'] ?? '/dev/null', JSON.stringify(report));
});
