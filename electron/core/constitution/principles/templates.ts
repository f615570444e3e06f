import nameDirection from '../../../../resources/prompts/constitution/name-direction.md?raw';
import judge from '../../../../resources/prompts/constitution/judge.md?raw';
import plainJudge from '../../../../resources/prompts/constitution/plain-judge.md?raw';
import neutral from '../../../../resources/prompts/constitution/propose-neutral.md?raw';
import rationales from '../../../../resources/prompts/constitution/propose-rationales.md?raw';
import rejected from '../../../../resources/prompts/constitution/propose-rejected.md?raw';
import topic from '../../../../resources/prompts/constitution/propose-topic.md?raw';
import vote from '../../../../resources/prompts/constitution/vote.md?raw';
import { parseTemplate } from '../../judging/template.ts';

/** Every prompt of a constitution from principles. */
export const principleTemplates = {
  vote: parseTemplate(vote),
  judge: parseTemplate(judge),
  plainJudge: parseTemplate(plainJudge),
  neutral: parseTemplate(neutral),
  rejected: parseTemplate(rejected),
  rationales: parseTemplate(rationales),
  topic: parseTemplate(topic),
  nameDirection: parseTemplate(nameDirection),
};
