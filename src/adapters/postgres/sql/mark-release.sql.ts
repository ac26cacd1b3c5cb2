/** $1 service, $2 environment, $3 tag, $4 status. No row also when it is bad and $4 is not. */
export const markRelease = `
  update backout.release
     set status = $4
   where service = $1 and environment = $2 and tag = $3
     and (status <> 'bad' or $4 = 'bad')
  returning tag
`;
