/** The connection string without its credentials: fit for a message. */
export const shown = (connectionString: string): string => connectionString.replace(/\/\/[^@/]*@/, '//');
