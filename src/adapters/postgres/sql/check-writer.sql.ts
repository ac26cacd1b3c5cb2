/** Whether the role for daily work may do its work. Only asked when role and tables exist. */
export const checkWriter = `
  select
    has_table_privilege('backout_writer', 'backout.journal', 'insert')
    and has_table_privilege('backout_writer', 'backout.lease', 'update')
    and has_table_privilege('backout_writer', 'backout.release', 'update')
    and has_table_privilege('backout_writer', 'backout.timeline', 'select') as ready
`;
