/** $1 service, $2 environment, $3 tag, $4 status. */
export const markRelease = `
  update backout.release
     set status = $4
   where service = $1 and environment = $2 and tag = $3
  returning tag
`;
