/** What a deployment said of itself: artefacts per target, schema version, flags, configuration, actor. */
export const releaseDetails = `
  alter table backout.release
    add column details jsonb not null default '{}'::jsonb
      check (jsonb_typeof(details) = 'object');
`;
