import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { reportSchema, type SeedReport } from '../simulator/seed-report.ts';

const program = fileURLToPath(new URL('../simulator/programs/simulate.ts', import.meta.url));

/** Plays seeds in processes of their own, as scripts/simulate.ts does; violations are in the report. */
export function simulate(...options: string[]): Promise<SeedReport> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, '--json', ...options], (_error, stdout, stderr) => {
      // Exit code 1 only says that there are violations; without a report it failed.
      if (stdout === '') reject(new Error(stderr));
      else resolve(reportSchema.parse(JSON.parse(stdout)));
    });
  });
}
