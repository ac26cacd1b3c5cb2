/** $1 number, $2 name, $3 additive, $4 checksum. */
export const recordMigration = `
  insert into backout.migration (number, name, additive, checksum) values ($1, $2, $3, $4)
`;
