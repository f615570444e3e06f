/** What the address of a team begins with where addresses of all kinds are listed. */
export const teamAddressPrefix = 'PostgreSQL ';
