/** The JSON Schema of `backout.yml`, as editors read it. */
import * as z from 'zod';
import { configSchema } from '../../src/config/schema.ts';

/** The parts of a JSON Schema that the documentation and the tests look at. */
export interface SchemaNode {
  type?: string | string[] | undefined;
  description?: string | undefined;
  const?: string | number | boolean | null | undefined;
  default?: unknown;
  enum?: (string | number | boolean | null)[] | undefined;
  pattern?: string | undefined;
  required?: string[] | undefined;
  properties?: Record<string, SchemaNode> | undefined;
  additionalProperties?: boolean | SchemaNode | undefined;
  items?: SchemaNode | undefined;
  anyOf?: SchemaNode[] | undefined;
  oneOf?: SchemaNode[] | undefined;
}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const node: z.ZodType<SchemaNode> = z.lazy(() =>
  z.looseObject({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    description: z.string().optional(),
    const: scalar.optional(),
    default: z.unknown().optional(),
    enum: z.array(scalar).optional(),
    pattern: z.string().optional(),
    required: z.array(z.string()).optional(),
    properties: z.record(z.string(), node).optional(),
    additionalProperties: z.union([z.boolean(), node]).optional(),
    items: node.optional(),
    anyOf: z.array(node).optional(),
    oneOf: z.array(node).optional(),
  }),
);

/** Draft 7, because that is what the YAML support of every common editor reads. */
export function buildJsonSchema(): SchemaNode {
  const built = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  return node.parse({ title: 'backout.yml', ...built });
}

/** The file: keys sorted, so that a change shows as the lines that changed, and nothing else. */
export function renderJsonSchema(schema: SchemaNode): string {
  return `${JSON.stringify(sortKeys(schema), undefined, 1)}\n`;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]));
}
