import { readPairs } from '../reading/pair-reading.ts';
import type { FormatReader } from '../reading/reader.ts';
import { columnNamed, hasColumns, presentColumns } from '../reading/source-sql.ts';

/** UltraFeedback as pairs: the Hugging Face H4 set, Argilla's cleaned sets and what distilabel writes. */
export const ultraFeedbackBinarized: FormatReader = {
  id: 'ultrafeedback-binarized',
  title: 'UltraFeedback binarised and distilabel pairs',
  description:
    'Pairs with a score for each side: score_chosen, chosen-rating, chosen_rating or rating_chosen.',
  detect: (shape) => {
    const score = columnNamed(shape, 'score_chosen', 'chosen-rating', 'chosen_rating', 'rating_chosen');
    return hasColumns(shape, 'prompt', 'chosen', 'rejected') && score !== undefined
      ? { confidence: 0.93, why: `It has prompt, chosen, rejected and ${score}.` }
      : null;
  },
  read: (shape) => {
    const reading = readPairs(shape, {
      prompt: 'prompt',
      chosen: 'chosen',
      rejected: 'rejected',
      chosenModel: columnNamed(shape, 'chosen-model', 'chosen_model'),
      rejectedModel: columnNamed(shape, 'rejected-model', 'rejected_model'),
      chosenRating: columnNamed(shape, 'score_chosen', 'chosen-rating', 'chosen_rating', 'rating_chosen'),
      rejectedRating: columnNamed(
        shape,
        'score_rejected',
        'rejected-rating',
        'rejected_rating',
        'rating_rejected',
      ),
      exampleId: columnNamed(shape, 'prompt_id', 'id'),
      subset: columnNamed(shape, 'source', 'dataset'),
    });
    return hasColumns(shape, 'score_chosen')
      ? { ...reading, usedColumns: [...reading.usedColumns, ...presentColumns(shape, 'messages')] }
      : reading;
  },
};
