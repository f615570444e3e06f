/** Families whose models are told apart by name; the first match counts. */
const families: readonly (readonly [family: string, pattern: string])[] = [
  ['LMSYS', 'vicuna|fastchat'],
  ['Stanford', 'alpaca'],
  ['OpenAI', 'gpt|davinci|chatgpt|openai|^o[134](-|$)|curie|babbage'],
  ['Anthropic', 'claude|anthropic'],
  ['Google', 'gemini|gemma|palm|bard|(^|[^a-z])t5|bison'],
  ['Meta', 'llama|opt-|(^|/)meta'],
  ['Mistral', 'mistral|mixtral|ministral|zephyr'],
  ['Qwen', 'qwen|tongyi'],
  ['DeepSeek', 'deepseek'],
  ['Cohere', 'cohere|command'],
  ['xAI', 'grok'],
  ['Microsoft', '(^|[^a-z])phi-?\\d|wizardlm|orca'],
];

/** SQL for the family of a model name, NULL where no pattern knows it. */
export function familyOf(column: string): string {
  const cases = families.map(
    ([family, pattern]) => `WHEN regexp_matches(lower(${column}), '${pattern}') THEN '${family}'`,
  );
  return `CASE ${cases.join(' ')} END`;
}

/** Patterns by which a response names the system that wrote it. */
export const selfNaming =
  "\\b(as|i'm|i am|my name is|called) (a |an )?(large language model (trained|created|developed|made) by|ai (model |assistant )?(trained|created|developed|made) by|chatgpt|gpt-?\\d|claude|gemini|bard|llama|vicuna|alpaca|mistral|qwen|assistant (trained|created|developed|made) by|open ?assistant|koala|dolly|bing)|\\b(trained|created|developed|made) by (openai|anthropic|google|meta|deepmind|microsoft|mistral|alibaba|cohere|lmsys|stability)\\b";
