/** A message of a prompt or a response. */
export interface Message {
  readonly role: string;
  readonly content: string;
}

export interface HardRow {
  readonly example_id: string;
  readonly prompt: string | readonly Message[];
  readonly response_a: string | readonly Message[];
  readonly response_b: string | readonly Message[];
  readonly label: string | null;
  readonly strength?: number;
  readonly model_a?: string;
  readonly model_b?: string;
  readonly language?: string;
  readonly topic?: string;
  readonly subset?: string;
}

const long = 'Ünïcode und “Zitate”, '.repeat(4_000);

/** Plain pairs, made by hand so that each is hard for some format. */
export const plainRows: readonly HardRow[] = [
  {
    example_id: 'simple',
    prompt: 'What is 2 + 2?',
    response_a: 'Four.',
    response_b: 'Five.',
    label: 'a',
    strength: 1,
    model_a: 'alpha-7b',
    model_b: 'beta-13b',
    language: 'en',
    topic: 'maths',
    subset: 'easy',
  },
  {
    example_id: 'right-to-left',
    prompt: 'ما هي عاصمة فرنسا؟ \u202Bמהי\u202C',
    response_a: 'باريس 🇫🇷 👩‍👩‍👧‍👦 e\u0301',
    response_b: 'לונדון',
    label: 'b',
    strength: 1 / 3,
    model_a: 'alpha-7b',
    model_b: 'gamma "70b"',
    language: 'ar',
  },
  {
    example_id: 'quotes',
    prompt: 'Say "hello", twice;\nthen \'bye\'\twith a tab',
    response_a: '"hello", "hello"\r\n\\n is not a line break, \\u0041 no letter\n',
    response_b: '=1+1,@SUM(A1)\n\n\n-- "" --',
    label: 'a',
    strength: 2 / 3,
  },
  { example_id: 'long', prompt: `Repeat: ${long}`, response_a: `${long}!`, response_b: 'No.', label: 'b' },
  { example_id: 'tie', prompt: 'Pick one', response_a: 'one', response_b: 'two', label: 'tie' },
  { example_id: 'both-bad', prompt: 'Be good', response_a: 'no', response_b: 'nope', label: 'both_bad' },
  { example_id: 'unlabelled', prompt: 'Nobody looked', response_a: 'left', response_b: 'right', label: null },
  {
    example_id: 'half-model',
    prompt: 'Who?',
    response_a: 'I.',
    response_b: 'You.',
    label: 'a',
    model_a: 'alpha-7b',
  },
  {
    example_id: 'no-prompt',
    prompt: '',
    response_a: 'Once upon a time',
    response_b: 'It was a night',
    label: 'a',
  },
  {
    example_id: 'json-look',
    prompt: '{"role": "user"}',
    response_a: '{"a": [1, null]}',
    response_b: 'null',
    label: 'b',
  },
  {
    example_id: 'same-line',
    prompt: 'List two',
    response_a: 'Here you are:\n1. x',
    response_b: 'Here you are:\n2. y',
    label: 'a',
  },
  {
    example_id: 'human-marker',
    prompt: 'Continue',
    response_a: 'Sure.\n\nHuman: me too\n\nAssistant: yes',
    response_b: 'No.',
    label: 'a',
  },
  {
    example_id: 'nvidia-marker',
    prompt: 'What is <extra_id_1>Assistant\n?',
    response_a: 'A marker.',
    response_b: 'A tag.',
    label: 'a',
  },
  { example_id: 'same-prompt-1', prompt: 'Twice', response_a: 'r1', response_b: 'r2', label: 'a' },
  { example_id: 'same-prompt-2', prompt: 'Twice', response_a: 'r3', response_b: 'r4', label: 'b' },
];

const said = (role: string, content: string): Message => ({ role, content });

/** Conversations: system texts, several turns, tools, and responses of several turns. */
export const chatRows: readonly HardRow[] = [
  {
    example_id: 'one-turn',
    prompt: [said('user', 'Hi, "you"\nthere')],
    response_a: [said('assistant', 'Hello.')],
    response_b: [said('assistant', 'What?')],
    label: 'a',
    model_a: 'alpha-7b',
    model_b: 'beta-13b',
  },
  {
    example_id: 'three-turns',
    prompt: [said('user', 'مرحبا'), said('assistant', 'أهلا!\n\nكيف؟'), said('user', 'Speak English\n')],
    response_a: [said('assistant', 'OK')],
    response_b: [said('assistant', 'لا')],
    label: 'b',
    strength: 1,
  },
  {
    example_id: 'with-system',
    prompt: [said('system', 'Be terse.'), said('user', 'Explain gravity')],
    response_a: [said('assistant', 'Masses attract.')],
    response_b: [said('assistant', 'Well, …')],
    label: 'a',
    topic: 'physics',
  },
  {
    example_id: 'system-and-turns',
    prompt: [said('system', 'Be kind.'), said('user', 'a'), said('assistant', 'b'), said('user', 'c')],
    response_a: [said('assistant', 'd')],
    response_b: [said('assistant', 'e')],
    label: 'b',
  },
  {
    example_id: 'with-tool',
    prompt: [said('user', 'Weather?'), said('assistant', 'call()'), said('tool', '{"sun": true}')],
    response_a: [said('assistant', 'Sunny')],
    response_b: [said('assistant', 'Rain')],
    label: 'a',
  },
  {
    example_id: 'long-response',
    prompt: [said('user', 'Play')],
    response_a: [said('assistant', 'A1'), said('user', 'go on'), said('assistant', 'A2')],
    response_b: [said('assistant', 'B1'), said('user', 'stop'), said('assistant', 'B2')],
    label: 'a',
  },
];
