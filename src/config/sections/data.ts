/** What keeps data: databases, caches, and the services to restart after they changed. */
import * as z from 'zod';
import {
  argv,
  checkedText,
  duration,
  identifier,
  named,
  onlyIn,
  reference,
  words,
} from '../values.ts';

/** Databases that belong to the server and must not be swapped. */
const RESERVED = /^(postgres|template\d*|rdsadmin)$/;

function databaseName() {
  return checkedText('^.{1,63}$', (value) => {
    const remedy = 'Write the name of the database of the application, at most 63 bytes.';
    const bytes = Buffer.byteLength(value);
    if (bytes === 0 || bytes > 63) {
      return { message: `a database name of ${bytes} bytes cannot exist`, remedy };
    }
    if (RESERVED.test(value)) return { message: `"${value}" belongs to the server`, remedy };
    return undefined;
  });
}

const integrityQuery = z.strictObject({
  sql: words().describe('A query that reads only and returns one value.'),
  expect: z
    .union([z.string(), z.number(), z.boolean()])
    .describe('The value that it returns when the data is whole.'),
  timeout: duration({ max: 600_000 })
    .prefault('30s')
    .describe('Longest time for the query. Default: 30s'),
});

const moneyTable = z.strictObject({
  table: words().describe('Table, with its schema if it is not public.'),
  time_column: words().describe('Column with the time of the row.'),
  amount_column: words().optional().describe('Column with the amount, for the sum in the quote.'),
  reference_column: words()
    .optional()
    .describe('Column with the id at the provider, for the list of payments to look up.'),
});

const database = z.strictObject({
  engine: z.literal('postgres').default('postgres').describe('Only PostgreSQL is supported.'),
  description: words().optional().describe('What is in it.'),
  environments: onlyIn(),
  name: databaseName().describe('Name of the live database.'),
  url: reference().describe('Reference to a URL with which its owner role connects.'),
  instance: z
    .strictObject({
      kind: z
        .enum(['self-managed', 'rds', 'aurora'])
        .describe('Who runs the server: decides how restore points are made.'),
      id: words().optional().describe('Identifier of the RDS instance or Aurora cluster.'),
    })
    .prefault({ kind: 'self-managed' })
    .describe('The server. Default: self-managed'),
  owner_role: words().describe('Role that owns the database and may create others.'),
  backups: z
    .strictObject({
      directory: words().describe('Folder with dumps, on the machine that restores.'),
      pattern: words().default('*.dump').describe('File name pattern. Default: *.dump'),
    })
    .optional()
    .describe('Where dumps are found. Left out: the snapshots of the platform.'),
  integrity: named(integrityQuery)
    .default({})
    .describe('Queries that a restored copy has to pass, by name. Default: none'),
  money_tables: z
    .array(moneyTable)
    .default([])
    .describe('Tables whose lost rows are listed one by one in the quote. Default: none'),
  counted_tables: z
    .array(words())
    .default([])
    .describe('Tables whose row count must not be below the baseline. Default: none'),
  masked_columns: z
    .array(
      checkedText('^[^.\\s]+(\\.[^.\\s]+){1,2}$', (value) =>
        /^[^.\s]+(\.[^.\s]+){1,2}$/.test(value)
          ? undefined
          : { message: `"${value}" is not a column`, remedy: 'Write table.column.' },
      ),
    )
    .default([])
    .describe('Columns (table.column) that no message or file may show. Default: none'),
  tolerance: z
    .strictObject({
      rows: z.int().min(0).default(0).describe('Further rows that may be lost. Default: 0'),
      money_rows: z
        .int()
        .min(0)
        .default(0)
        .describe('Further rows of money tables that may be lost. Default: 0'),
    })
    .prefault({})
    .describe('How much the loss may grow between the quote and the swap without asking again.'),
  freeze: z
    .enum(['late', 'early'])
    .default('late')
    .describe('When writes stop: just before the swap, or at once (corruption). Default: late'),
  freeze_for: duration({ max: 900_000 })
    .prefault('2m')
    .describe('Longest time without writes; then the swap is given up. Default: 2m'),
  warm_copies: z
    .array(duration({ min: 60_000, max: 604_800_000 }))
    .max(5)
    .default([])
    .describe('Ages at which restored copies are kept ready, such as 1h and 24h. Default: none'),
  pooler: z
    .strictObject({
      url: reference().describe('Reference to the URL of the PgBouncer console.'),
      pause_for: duration({ max: 120_000 })
        .prefault('10s')
        .describe('Longest time to wait for the pooler to pause. Default: 10s'),
    })
    .optional()
    .describe('PgBouncer in front of the database. Left out: none.'),
  caches: z
    .array(identifier())
    .default([])
    .describe('Caches to empty after the swap. Default: none'),
  restarts: z
    .array(identifier())
    .default([])
    .describe('Services to restart after the swap, in this order. Default: none'),
});

export const databases = named(database);

export const caches = named(
  z.strictObject({
    description: words().optional().describe('What is cached.'),
    environments: onlyIn(),
    url: reference().describe('Reference to the Redis URL.'),
    prefix: words().optional().describe('Only keys that start with this are removed.'),
    database: z.int().min(0).max(15).optional().describe('Only this numbered database is emptied.'),
    exclusive: z
      .boolean()
      .default(false)
      .describe(
        'True only if the whole server is this cache: all of it may be emptied. Default: false',
      ),
  }),
);

const serviceCommon = {
  description: words().optional().describe('What the service does.'),
  environments: onlyIn(),
  order: z.int().min(0).default(100).describe('Smaller numbers are restarted first. Default: 100'),
  depends_on: z
    .array(identifier())
    .default([])
    .describe('Services that have to be up before this one restarts. Default: none'),
  check: identifier()
    .optional()
    .describe('Check that proves it is up. Left out: its status alone.'),
  timeout: duration({ max: 900_000 })
    .prefault('60s')
    .describe('Longest time for the restart and its proof. Default: 60s'),
};

export const services = named(
  z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('systemd').describe('A systemd unit on this machine.'),
      ...serviceCommon,
      unit: words().describe('Name of the unit, such as api.service.'),
    }),
    z.strictObject({
      kind: z.literal('ssm-systemd').describe('A systemd unit on a fleet, through SSM.'),
      ...serviceCommon,
      unit: words().describe('Name of the unit, such as api.service.'),
      instances: z.record(words(), words()).describe('Tags that a machine must have.'),
      batch: z.int().min(1).default(1).describe('Machines at a time. Default: 1'),
    }),
    z.strictObject({
      kind: z.literal('ecs').describe('An ECS service, by a new deployment of the same release.'),
      ...serviceCommon,
      cluster: words().describe('Name or ARN of the cluster.'),
      service: words().describe('Name of the ECS service.'),
    }),
    z.strictObject({
      kind: z.literal('command').describe('Programs on this machine.'),
      ...serviceCommon,
      restart: argv().describe('Program that restarts it; may run twice.'),
      status: argv().describe('Program that exits 0 when it is up.'),
    }),
  ]),
);
