// The one place where the storefront names Backout. A released copy gets this file written at build
// time, with the address of the installed client (see build-repository.ts).
export { type BackoutClient, type ClientSnapshot, connectBackout } from '../../../client/index.ts';
