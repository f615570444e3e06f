import { annotateMessages } from './en-annotate.ts';
import { appMessages } from './en-app.ts';
import { auditMessages } from './en-audits.ts';
import { constitutionMessages } from './en-constitution.ts';
import { corpusMessages } from './en-corpus.ts';
import { curateMessages } from './en-curate.ts';
import { miningMessages } from './en-mining.ts';
import { exportMessages } from './en-exports.ts';
import { datasheetMessages } from './en-datasheet.ts';
import { editingMessages } from './en-editing.ts';
import { importMessages } from './en-import.ts';
import { jobMessages } from './en-jobs.ts';
import { judgeMessages } from './en-judge.ts';
import { modelMessages } from './en-models.ts';
import { packMessages } from './en-packs.ts';
import { rationaleMessages } from './en-rationales.ts';
import { sqlMessages } from './en-sql.ts';
import { teamMessages } from './en-team.ts';
import { tourMessages } from './en-tour.ts';

/** Every text of the user interface. A feature brings its own file and adds it here. */
export const en = {
  ...appMessages,
  ...corpusMessages,
  ...editingMessages,
  ...exportMessages,
  ...importMessages,
  ...jobMessages,
  ...judgeMessages,
  ...rationaleMessages,
  ...annotateMessages,
  ...modelMessages,
  ...packMessages,
  ...teamMessages,
  ...tourMessages,
  ...sqlMessages,
  ...constitutionMessages,
  ...auditMessages,
  ...curateMessages,
  ...miningMessages,
  ...datasheetMessages,
};

type Paths<T, Prefix extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${Prefix}${K}` : Paths<T[K], `${Prefix}${K}.`>;
}[keyof T & string];

/** Key of a message, e.g. `grid.columns`; a key that does not exist does not compile. */
export type MessageKey = Paths<typeof en>;
