import { appMessages } from './en-app.ts';
import { auditMessages } from './en-audits.ts';
import { constitutionMessages } from './en-constitution.ts';
import { corpusMessages } from './en-corpus.ts';
import { importMessages } from './en-import.ts';
import { jobMessages } from './en-jobs.ts';
import { sqlMessages } from './en-sql.ts';

/** Every text of the user interface. A feature brings its own file and adds it here. */
export const en = {
  ...appMessages,
  ...corpusMessages,
  ...importMessages,
  ...jobMessages,
  ...sqlMessages,
  ...constitutionMessages,
  ...auditMessages,
};

type Paths<T, Prefix extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${Prefix}${K}` : Paths<T[K], `${Prefix}${K}.`>;
}[keyof T & string];

/** Key of a message, e.g. `grid.columns`; a key that does not exist does not compile. */
export type MessageKey = Paths<typeof en>;
