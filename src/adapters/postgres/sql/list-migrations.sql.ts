export const listMigrations = `
  select number, name, additive, checksum from backout.migration order by number
`;
