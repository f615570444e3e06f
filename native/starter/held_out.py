"""
Writes what the shipped model is measured on: questions about held-out texts, balanced by answer and by which text is longer.

python3 held_out.py FOLDER
"""

import json
import sys
from pathlib import Path

import numpy as np

from examples import Corpus
from vocabulary import Vocabulary

SEED = 20261124
EACH = 8
NEITHER = 8
PAIRS = 6000
WRITTEN = 150


def main(folder):
    corpus = Corpus(folder, Vocabulary.load(folder / "merges.json"))
    texts = [json.loads(line)["text"] for line in open(folder / "texts.jsonl", encoding="utf-8")]
    rng = np.random.default_rng(SEED)
    counts, pairs, written = {}, [], 0
    for _ in range(PAIRS):
        first, second, _ = corpus.draw_pair("held", rng)
        sign = corpus.differ(first, second)
        is_longer = bool(corpus.size[first] > corpus.size[second])
        questions = []
        for place, (trait, direction, phrasings) in enumerate(corpus.principles):
            if sign[trait] == 2:
                continue
            answer = "C" if sign[trait] == 0 else "AB"[int(sign[trait] != direction)]
            cell = (place, answer, None if answer == "C" else is_longer)
            full = NEITHER if answer == "C" else EACH
            # Two texts without the trait are many; some of the few that have it alike are wanted too.
            if counts.get(cell, 0) >= full or (answer == "C" and rng.random() < 0.8):
                continue
            counts[cell] = counts.get(cell, 0) + 1
            for part in ("seen", "unseen"):
                words = corpus.phrase(phrasings, rng, part)
                frame = "Select the response that {}" if part == "seen" else corpus.frame(rng, rng.choice(["seen", "unseen"]))
                questions.append(
                    {"principle": place, "part": part, "text": frame.format(words), "answer": answer}
                )
        truths = [
            phrasings["seen"][0] for trait, direction, phrasings in corpus.principles if sign[trait] == direction
        ]
        lies = [
            phrasings["seen"][0] for trait, direction, phrasings in corpus.principles if sign[trait] == -direction
        ]
        is_written = written < WRITTEN and len(truths) > 3
        written += is_written
        if questions or is_written:
            pairs.append(
                {
                    "first": texts[first],
                    "second": texts[second],
                    "questions": questions,
                    "truths": truths if is_written else None,
                    "lies": lies if is_written else None,
                }
            )
    judged = [
        {"set": pair["set"], "first": texts[pair["a"]], "second": texts[pair["b"]], "label": pair["label"]}
        for pair in corpus.human
        if pair["held"] and pair["label"] != "tie"
    ]
    principles = [
        {"trait": corpus.traits[trait], "prefers": "larger" if direction == 1 else "smaller", **phrasings}
        for trait, direction, phrasings in corpus.principles
    ]
    (folder / "held-out.json").write_text(
        json.dumps({"principles": principles, "pairs": pairs, "judged": judged}, ensure_ascii=False)
    )
    short = sum(1 for place in range(len(principles)) for side in "AB" for longer in (True, False) if counts.get((place, side, longer), 0) < EACH)
    print(len(pairs), "pairs,", sum(len(pair["questions"]) for pair in pairs), "questions,", len(judged), "judged pairs,", short, "cells short")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
