import { AppError, type ErrorCode } from '../../../contract/app-error.ts';

interface Kind {
  readonly code: ErrorCode;
  readonly is: RegExp;
  readonly say: (where: string, why: string) => string;
}

/** By PostgreSQL's SQLSTATE, the system's error code, or the driver's words; the first that fits. */
const kinds: readonly Kind[] = [
  {
    code: 'TEAM_LOGIN_FAILED',
    is: /^(?:28P01|28000) |SASL|password must be/,
    say: (where) => `The team's server ${where} refused the login: check user and password.`,
  },
  {
    code: 'TEAM_DATABASE_MISSING',
    is: /^3D000 /,
    say: (where) => `The team's server has no such database: ${where}. Create it, or check its name.`,
  },
  {
    code: 'TEAM_TLS_FAILED',
    is: /SELF_SIGNED|UNABLE_TO_|CERT_|ERR_TLS|ERR_SSL|EPROTO|does not support SSL|SSL off|hostssl/,
    say: (where, why) =>
      `Nothing was sent to ${where}: no encrypted connection to a server that can be trusted came about (${why}). Give the authority's certificate as CA file, or ask who runs the server.`,
  },
  {
    code: 'TEAM_ACCESS_DENIED',
    is: /^42501 /,
    say: (where, why) =>
      `The team's server ${where} does not allow this: ${why}. Ask who runs it for the rights.`,
  },
  {
    code: 'TEAM_SCHEMA_MISSING',
    is: /^(?:3F000|42P01|42703) /,
    say: (where) => `The tables of the team are not complete at ${where}. Set the team up there once.`,
  },
  {
    code: 'TEAM_BUSY',
    is: /^(?:57014|55P03|40001|40P01|25P03|25P04|53300) /,
    say: (where, why) => `The team's server ${where} did not do this in time: ${why}. It is tried again.`,
  },
  {
    code: 'TEAM_UNREACHABLE',
    is: /^(?:57P0\d|08\w{3}) |^(?:ECONN|ENOTFOUND|EHOST|ENET|ETIMEDOUT|EPIPE|EAI_|ENOENT|EACCES)|[Cc]onnection terminated|timeout|not queryable|Connection ended|server closed/,
    say: (where, why) =>
      `The team's server ${where} was not reached (${why}). Answers stay on this machine until it is.`,
  },
];

/** The failures after which the same thing may work later without a person doing anything. */
export function isPassing(error: AppError): boolean {
  return error.code === 'TEAM_UNREACHABLE' || error.code === 'TEAM_BUSY';
}

/** What a failed statement or connection means. Values of rows, which PostgreSQL tells in `detail`, are left out. */
export function toTeamFailure(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error;
  const { code } = error as NodeJS.ErrnoException;
  const text = `${code ?? ''} ${error.message}`;
  const isServers = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in error;
  const kind = kinds.find(({ is }) => is.test(text));
  const why = code !== undefined && !isServers ? code : error.message;
  if (kind) return new AppError(kind.code, kind.say(where, why), { cause: code ?? null });
  if (!isServers) return error;
  return new AppError(
    'TEAM_REFUSED',
    `The team's server ${where} refused this: ${error.message} (${code}).`,
    {
      cause: code,
    },
  );
}
