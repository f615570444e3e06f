"""
Writes the model card from what `npm run bench:starter` measured.

python3 card.py REPORT TARGET
"""

import json
import sys
from pathlib import Path

TRUST = 0.65

HEAD = """# Starter model

Two files of our own, trained from scratch, so that judging, explaining and finding principles can be tried with no download.
`assay-starter.F16.gguf` votes; `assay-starter-embedder.F16.gguf` places principles near each other. It has the weights of an
earlier step, after which training made votes better and distances worse; which step was chosen on the wordings it is measured on.

## What it can do

- Vote on two responses by a stated surface or style principle: A, B or neither, by the probability of the next token.
- Name those of its {count} principles that tell a chosen response from a rejected one. It is asked all of them and the surest
  are named; it writes no free text. A rationale is one sentence made of two of these.
- Place a principle near others of its meaning, by the words in it.

## What it cannot do

- It knows nothing of meaning: not what is true, helpful, harmful or well written. Use a real model for that.
- Its agreement with people's preferences is near that of a coin, on hh-rlhf below it (see below).
- It answers the shipped prompts only; other prompts are refused. English only. It never saw texts over 180 tokens in training;
  its context is 1,024 tokens.
- A principle told in other words than the product's is voted on less surely; some of them only in the product's own (below).

"""

TAIL = """
## Data and licences

Texts: the test split of hh-rlhf harmless-base (Anthropic, MIT), the PandaLM test set (WeOpenML, Apache-2.0), EvalBiasBench
(NCSoft, BSD-3-Clause) and 363 pairs of DOVE (MIT), 85 % of their prompts, and generated variations of these texts. LLMBar Natural
(MIT) is measured on and never trained on. The hh-rlhf texts hold offensive language. Labels of principles are the product's own
trait counts (SQL), so the model inherits what those miss: words stand in for tone. Weights: Apache-2.0.

## Recipe

A Llama of 4 layers, width 192, 6 heads, 2.4 million parameters, byte-level BPE of 3,072 tokens, stored in half precision.
The weights do not begin at random: `native/starter/wiring.py` lays out the comparison of two texts and fills it with ridge
regressions on the training texts; then all of it is trained on a shared two-core CPU for about 80 minutes, some 2,100 steps of
8 to 16 pairs with up to 24 questions each; after 220 of them the share of “neither” was lowered, after 380 texts with rare traits
were drawn more often, and steps end by the clock, so the recipe run again gives a like model, not the same bytes. Seed 20261123.
The commands are in `native/starter/README.md`. Half precision and not eight bits: beside the large weights that the model begins
with, a block of 32 in eight bits would lose the small ones it learns. A larger run (hours on a GPU, longer texts, 20 million
parameters) is what signs that are read from single bytes, longer texts and other wordings need; the recipe continues from its
checkpoint with `--resume`.
"""


def interval(found):
    return f"{found['lower']:.2f} to {found['upper']:.2f}" if found.get("status") == "ok" else "unknown"


def main(report, target):
    text = HEAD.format(count=len(report["seen"]))
    text += "## Measured on held-out texts, through llama.cpp\n\n| What | Value | Aim |\n|---|---|---|\n"
    for part in ("votes", "proposals", "embedding"):
        for figure in report[part]:
            value = figure["value"]
            shown = f"{value:,.0f}" if value >= 2 and value == round(value) else f"{value:.2f}"
            text += f"| {figure['what']} | {shown} {figure['unit']} | {figure.get('bar', '')} |\n"
    text += "\nPairs were drawn so that neither slot nor length tells the answer; texts whose counts are equal are asked as “neither”.\n"
    text += "\n## Agreement with people, held-out pairs\n\n| Set | Agreement | 95 % | n |\n|---|---|---|---|\n"
    for one in report["preference"]:
        text += f"| {one['set']} | {one['accuracy']:.2f} | {interval(one['interval'])} | {one['n']} |\n"
    weak = [one for one in report["seen"] if one["accuracy"] < TRUST]
    text += f"\n## Do not trust: under {TRUST}\n\n"
    text += "; ".join(f"{one['text']} ({one['accuracy']:.2f})" for one in weak) + ".\n"
    pairs = zip(report["seen"], report["unseen"])
    own = [f"{seen['text']} ({unseen['accuracy']:.2f})" for seen, unseen in pairs if unseen["accuracy"] < TRUST <= seen["accuracy"]]
    text += f"\nTold in words it was not trained on, do not trust these either: {'; '.join(own)}.\n"
    text += "\n## Every principle\n\nAccuracy where the principle selects a response, one order at a time; chance is at most one half.\n\n"
    text += "| Principle | Seen | Unseen phrasing | n |\n|---|---|---|---|\n"
    for seen, unseen in zip(report["seen"], report["unseen"]):
        text += f"| {seen['text']} | {seen['accuracy']:.2f} | {unseen['accuracy']:.2f} | {seen['n']} |\n"
    target.write_text(text + TAIL, encoding="utf-8")


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
