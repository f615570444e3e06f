import { type Question, questionSchema } from '../../contract/annotation.contract.ts';

export interface ProjectTemplate {
  readonly id: string;
  readonly title: string;
  readonly guidelines: string;
  readonly questions: Question[];
}

const overall = {
  id: 'overall',
  kind: 'pairwise',
  title: 'Which response is better?',
  points: 2,
  hasTie: true,
  hasBothBad: true,
};
const reason = { id: 'reason', kind: 'rationale', title: 'Why?', isRequired: false };
const confidence = {
  id: 'confidence',
  kind: 'confidence',
  title: 'How sure are you?',
  points: 3,
  isRequired: false,
};
const aspectOf = (name: string, title: string) => ({
  id: name,
  kind: 'pairwise',
  aspect: name,
  title,
  points: 5,
  hasTie: true,
  hasBothBad: false,
});
const ratingOf = (name: string) => ({
  id: name,
  kind: 'rating',
  aspect: name,
  title: `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
  min: 1,
  max: 5,
});

const definitions = [
  {
    id: 'pairwise',
    title: 'Which is better',
    guidelines:
      'Read the prompt and **both** responses before answering. Judge what is said, not how long it is.\n\n- *Tie* where you would be equally content with either.\n- *Both bad* where you would give neither to the person who asked.',
    questions: [overall],
  },
  {
    id: 'graded',
    title: 'Graded preference with a reason',
    guidelines:
      'Choose the side and how much better it is. Write a short reason: what decided it. Say how sure you are.',
    questions: [{ ...overall, points: 7, hasBothBad: false }, reason, confidence],
  },
  {
    id: 'aspects',
    title: 'Aspects, then overall',
    guidelines:
      'Answer each aspect on its own: a response can be more helpful and less truthful. The overall answer comes last.',
    questions: [
      aspectOf('helpfulness', 'Which is more helpful?'),
      aspectOf('truthfulness', 'Which is more truthful?'),
      aspectOf('harmlessness', 'Which is less harmful?'),
      { ...overall, points: 5, hasBothBad: false },
      confidence,
    ],
  },
  {
    id: 'ratings',
    title: 'Ratings of both responses',
    guidelines: 'Rate each response for itself: 1 is poor, 5 is excellent. The overall answer comes last.',
    questions: [ratingOf('helpfulness'), ratingOf('correctness'), ratingOf('coherence'), overall],
  },
  {
    id: 'images',
    title: 'Image pairs',
    guidelines:
      'Look at **both** images before answering; *Z* or a click brings them close. First whether an image shows what the prompt asks for, then how well it is made. The overall answer comes last.',
    questions: [
      aspectOf('alignment', 'Which shows better what the prompt asks for?'),
      aspectOf('quality', 'Which is the better made image?'),
      { ...overall, title: 'Which image is better?' },
    ],
  },
  {
    id: 'faults',
    title: 'Preference with faults',
    guidelines: 'Choose the better response. Where both are bad, tick what is wrong with them.',
    questions: [
      overall,
      {
        id: 'faults',
        kind: 'multi_label',
        title: 'What is wrong?',
        options: ['Wrong fact', 'Ignores the request', 'Unsafe', 'Refuses without need', 'Badly written'],
        when: { question: 'overall', is: ['both_bad'] },
      },
      reason,
    ],
  },
];

/** Questions and guidelines of common projects, to begin with. */
export const projectTemplates: readonly ProjectTemplate[] = definitions.map((one) => ({
  ...one,
  questions: one.questions.map((question) => questionSchema.parse(question)),
}));
