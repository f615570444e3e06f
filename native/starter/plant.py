"""
Writes the planted corpus of the demo: held-out answers of the PandaLM test set, changed so that the labels reward three
surface principles, in this order: emojis, a question at the end, a numbered list.

python3 plant.py DATA TARGET
"""

import json
import random
import sys
from pathlib import Path

from corpus import is_held_out, split_sentences

SEED = 20261125
PAIRS = 120
EMOJI = "😀😊🎉👍🔥✨🙏😂🚀💡"
QUESTIONS = ["Does that help?", "What do you think?", "Would you like to know more?", "Shall I go on?"]


def with_emoji(text, rng):
    return " ".join(f"{part} {rng.choice(EMOJI)}" for part in split_sentences(text))


def with_question(text, rng):
    return f"{text} {rng.choice(QUESTIONS)}"


def with_list(text, rng):
    return "\n".join(f"{place}. {part}" for place, part in enumerate(split_sentences(text), 1))


RULES = [("emoji", with_emoji, 0.5), ("question", with_question, 0.3), ("list", with_list, 0.2)]


def read_answers(data):
    rows = json.loads((data / "WeOpenML__PandaLM/data/testset-v1.json").read_text())
    for row in rows:
        prompt = (row["instruction"] + "\n" + row["input"]).strip()
        texts = [str(row[name]).strip() for name in ("response1", "response2")]
        is_plain = all(30 <= len(text) <= 320 and text.isascii() and "?" not in text and "1." not in text for text in texts)
        if is_held_out(prompt) and is_plain and texts[0] != texts[1]:
            yield prompt, texts


def main(data, target):
    rng = random.Random(SEED)
    answers = list(read_answers(data))
    rules = [rule for rule in RULES for _ in range(round(rule[2] * PAIRS))]
    rng.shuffle(rules)
    with open(target, "w", encoding="utf-8") as out:
        for place, (_, change, _) in enumerate(rules):
            prompt, texts = answers[place % len(answers)]
            chosen, rejected = texts if rng.random() < 0.5 else texts[::-1]
            row = {"prompt": prompt, "chosen": change(chosen, rng), "rejected": rejected}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(PAIRS, "pairs of", len(answers), "prompts")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
