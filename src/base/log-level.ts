/** The log levels of the original, most urgent first. Pure. */

export const logLevels = ['CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG'] as const;

export type LogLevel = (typeof logLevels)[number];
