/**
 * Functions of PostgreSQL (and of uuid-ossp, pgcrypto) that change nothing. Any other may be
 * somebody's own, with any effect.
 */
const HARMLESS: ReadonlySet<string> = new Set(
  `abs age array_agg array_append array_length array_to_string avg bool_and bool_or btrim cardinality
  ceil char_length clock_timestamp coalesce concat concat_ws count current_date current_schema
  current_setting current_timestamp current_user date_part date_trunc decode dense_rank digest
  encode exists extract floor format gen_random_bytes gen_random_uuid generate_series greatest
  initcap json_agg json_build_array json_build_object jsonb_agg jsonb_array_elements
  jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object
  jsonb_object_agg jsonb_set jsonb_strip_nulls jsonb_typeof least left length localtimestamp
  lower lpad ltrim make_date make_interval max md5 min mod nextval now nullif octet_length
  overlay position power quote_ident quote_literal random rank regexp_matches regexp_replace
  regexp_split_to_array repeat replace reverse right round row_number rpad rtrim session_user
  sha256 sign split_part sqrt statement_timestamp string_agg string_to_array strpos substr
  substring sum timeofday timezone to_char to_date to_hex to_json to_jsonb to_number to_timestamp
  to_tsvector transaction_timestamp translate trim trunc unnest upper uuidv4 uuidv7
  uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 version`.split(/\s+/),
);

/**
 * Those that always give a value, to every role: `current_setting` fails where old code does not
 * make the setting, `nullif` gives null.
 */
const FILLING: ReadonlySet<string> = new Set(
  `abs btrim ceil char_length clock_timestamp concat current_date current_timestamp date_trunc floor
  gen_random_bytes gen_random_uuid json_build_array json_build_object jsonb_build_array
  jsonb_build_object localtimestamp lower make_date md5 nextval now random round
  statement_timestamp timeofday timezone to_char to_jsonb transaction_timestamp upper
  uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 uuidv4 uuidv7`.split(/\s+/),
);

/** Those of which each call gives another value. */
const DISTINCT: ReadonlySet<string> = new Set(
  `gen_random_uuid nextval uuidv4 uuidv7 uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4`.split(
    ' ',
  ),
);

/** Those that an index may compute from any value of the right type without failing. */
const TOTAL: ReadonlySet<string> = new Set(
  `abs btrim char_length coalesce concat concat_ws length lower ltrim md5 octet_length reverse rtrim
  trim upper to_tsvector jsonb_typeof date_trunc timezone nullif greatest least`.split(/\s+/),
);

/** Functions that give null when any argument is null. */
const STRICT: ReadonlySet<string> = new Set(
  `abs btrim cardinality ceil char_length date_part date_trunc extract floor jsonb_array_length
  jsonb_typeof left length lower lpad ltrim md5 octet_length regexp_replace replace right round
  rtrim split_part strpos substr substring trim trunc upper`.split(/\s+/),
);

export const areHarmless = (names: readonly string[]): boolean =>
  names.every((name) => HARMLESS.has(name));
/** Whether a default can be computed in an insert of old code. */
export const alwaysFill = (names: readonly string[]): boolean =>
  names.every((name) => FILLING.has(name));
export const isDistinct = (name: string): boolean => DISTINCT.has(name);
export const cannotFail = (name: string): boolean => TOTAL.has(name);
export const isStrict = (name: string): boolean => STRICT.has(name);
