/** Names of what the data can say; see `facts.ts`. */
export type FactName =
  'contents' | 'languages' | 'labels' | 'sources' | 'raters' | 'agreement' | 'preprocessing' | 'duplicates';

export interface Question {
  /** SECTION.NAME. */
  readonly id: string;
  readonly text: string;
  readonly hint: string;
  readonly fact?: FactName;
}

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly isTension: boolean;
  readonly questions: readonly Question[];
}

/** Hint where a person has nothing to add to what the data say. */
const addToData = 'Filled in from the data; add what they do not show.';

/**
 * The datasheet. The four value tensions (care, contextuality, positionality, data work) follow M. K. Scheuerman, E.
 * Denton and A. Hanna, Do datasets have politics? (2021); the fields are our design.
 */
export const sections: readonly Section[] = [
  {
    id: 'motivation',
    title: 'Motivation',
    isTension: false,
    questions: [
      {
        id: 'motivation.purpose',
        text: 'What was the dataset made for?',
        hint: 'The task and the decision it is to serve.',
      },
      {
        id: 'motivation.funding',
        text: 'Who made it and who paid for it?',
        hint: 'People, organisation, grant.',
      },
    ],
  },
  {
    id: 'composition',
    title: 'Composition',
    isTension: false,
    questions: [
      {
        id: 'composition.contents',
        text: 'What does it hold, and how much?',
        hint: addToData,
        fact: 'contents',
      },
      {
        id: 'composition.languages',
        text: 'Which languages, topics and splits?',
        hint: addToData,
        fact: 'languages',
      },
      {
        id: 'composition.labels',
        text: 'How are the labels distributed, and do they follow length?',
        hint: addToData,
        fact: 'labels',
      },
    ],
  },
  {
    id: 'collection',
    title: 'Collection',
    isTension: false,
    questions: [
      { id: 'collection.sources', text: 'Where do the rows come from?', hint: addToData, fact: 'sources' },
      {
        id: 'collection.raters',
        text: 'Who labelled, and how much did each?',
        hint: addToData,
        fact: 'raters',
      },
      {
        id: 'collection.agreement',
        text: 'How far do the raters agree?',
        hint: addToData,
        fact: 'agreement',
      },
    ],
  },
  {
    id: 'preprocessing',
    title: 'Preprocessing',
    isTension: false,
    questions: [
      {
        id: 'preprocessing.steps',
        text: 'What was filtered, rejected or edited?',
        hint: addToData,
        fact: 'preprocessing',
      },
      { id: 'preprocessing.duplicates', text: 'Are there duplicates?', hint: addToData, fact: 'duplicates' },
    ],
  },
  {
    id: 'uses',
    title: 'Uses',
    isTension: false,
    questions: [
      {
        id: 'uses.intended',
        text: 'What may it be used for?',
        hint: 'Training, evaluation, research; which models.',
      },
      { id: 'uses.not_for', text: 'What must it not be used for?', hint: 'Uses that would mislead or harm.' },
    ],
  },
  {
    id: 'distribution',
    title: 'Distribution',
    isTension: false,
    questions: [
      {
        id: 'distribution.licence',
        text: 'Under which licence, and who may have it?',
        hint: 'Licence of the texts and of the labels.',
      },
      {
        id: 'distribution.maintenance',
        text: 'Who maintains it, and how are errors reported?',
        hint: 'A name or an address.',
      },
    ],
  },
  {
    id: 'human_subjects',
    title: 'Human subjects',
    isTension: false,
    questions: [
      {
        id: 'human_subjects.personal',
        text: 'Does it hold personal or sensitive text?',
        hint: 'What, of whom, how it was looked for.',
      },
      {
        id: 'human_subjects.withdrawal',
        text: 'How can a person have their data removed?',
        hint: 'Whom to ask, what happens to copies.',
      },
    ],
  },
  {
    id: 'care',
    title: 'Care',
    isTension: true,
    questions: [
      {
        id: 'care.harm',
        text: 'Who might be hurt by it, and what was done about that?',
        hint: 'Subjects, raters, people judged by models trained on it.',
      },
      {
        id: 'care.conditions',
        text: 'What were consent, pay and wellbeing of those who worked on it?',
        hint: 'Consent form, pay per hour, support for distressing text.',
      },
    ],
  },
  {
    id: 'contextuality',
    title: 'Contextuality',
    isTension: true,
    questions: [
      {
        id: 'contextuality.validity',
        text: 'Where, when and for whom does it hold?',
        hint: 'Place, period, community of use.',
      },
      {
        id: 'contextuality.limits',
        text: 'Where does it not hold?',
        hint: 'It is not universal; say what it leaves out.',
      },
    ],
  },
  {
    id: 'positionality',
    title: 'Positionality',
    isTension: true,
    questions: [
      {
        id: 'positionality.builders',
        text: 'Who built it, and from which standpoint?',
        hint: 'Background and interests that shaped the choices.',
      },
      {
        id: 'positionality.raters',
        text: 'Who were the raters, and whose views are missing?',
        hint: 'How they were recruited; groups that are absent.',
      },
    ],
  },
  {
    id: 'data_work',
    title: 'Data work',
    isTension: true,
    questions: [
      {
        id: 'data_work.instructions',
        text: 'What were the raters told, and how long did the work take?',
        hint: 'Guidelines, examples, hours.',
      },
      {
        id: 'data_work.disagreements',
        text: 'How were disagreements treated?',
        hint: 'Majority, discussion, kept as they are.',
      },
    ],
  },
];

/** Every question, in order. */
export const questions: readonly Question[] = sections.flatMap((section) => section.questions);
