"""Texts the starter model is trained on: read from the permissive sets, varied, split; labels come from label-traits.ts.

python3 corpus.py sentences DATA OUT    sentences of the training texts, to be labelled
python3 corpus.py texts DATA OUT        texts and variations of them, to be labelled
"""

import csv
import gzip
import hashlib
import json
import random
import re
import sys
from pathlib import Path

SEED = 20261123
HELD_OUT = 0.15
LONGEST = 700
HUMAN = re.compile(r"\n\n(Human|Assistant): ?")


def is_held_out(key):
    """A share of the texts, by the hash of what was asked, so that no answer to a held-out prompt is trained on."""
    digest = hashlib.sha256(key.strip().lower().encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < HELD_OUT


def split_turns(transcript):
    parts = HUMAN.split(transcript)
    return list(zip(parts[1::2], (part.strip() for part in parts[2::2])))


def read_pairs(data):
    """Pairs people have judged: set, prompt, first response, second response, label a or b, held out or not."""
    with gzip.open(data / "anthropics__hh-rlhf/harmless-base/test.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            chosen, rejected = split_turns(row["chosen"]), split_turns(row["rejected"])
            if not chosen or not rejected:
                continue
            prompt = chosen[-2][1] if len(chosen) > 1 else ""
            yield "hh", prompt, chosen[-1][1], rejected[-1][1], "a", is_held_out(chosen[0][1])
    for row in json.loads((data / "WeOpenML__PandaLM/data/testset-v1.json").read_text()):
        votes = [row["annotator1"], row["annotator2"], row["annotator3"]]
        winner = max(set(votes), key=votes.count)
        label = {1: "a", 2: "b"}.get(winner, "tie") if votes.count(winner) > 1 else "tie"
        prompt = (row["instruction"] + "\n" + row["input"]).strip()
        yield "pandalm", prompt, row["response1"], row["response2"], label, is_held_out(prompt)
    for rows in json.loads((data / "ncsoft__offsetbias/data/evalbiasbench/biasbench.json").read_text()).values():
        for row in rows:
            label = "a" if row["label"] == 1 else "b"
            yield "offsetbias", row["instruction"], row["response1"], row["response2"], label, is_held_out(row["instruction"])
    with open(data / "Hritikbansal__dove/data/anthropic_helpful/val_conditional_pref.jsonl", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield "dove", row["i_chosen"], row["r_chosen"], row["r_reject"], "a", is_held_out(row["i_chosen"])
    natural = data / "princeton-nlp__LLMBar/Dataset/LLMBar/Natural/dataset.json"
    for row in json.loads(natural.read_text()):
        label = "a" if row["label"] == 1 else "b"
        yield "llmbar", row["input"], row["output_1"], row["output_2"], label, True


def read_bases(data):
    """Different single texts with the prompt they answer: prompt, text, held out or not."""
    seen = set()

    def once(prompt, text, held):
        text = str(text).strip()
        if 12 <= len(text) <= LONGEST and text not in seen:
            seen.add(text)
            yield prompt, text, held

    for name, prompt, first, second, _, held in read_pairs(data):
        if name == "llmbar":
            continue
        yield from once(prompt, first, held)
        yield from once(prompt, second, held)
    with gzip.open(data / "anthropics__hh-rlhf/harmless-base/test.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            turns = split_turns(json.loads(line)["chosen"])
            for (_, prompt), (role, text) in zip(turns, turns[1:-1]):
                if role == "Assistant":
                    yield from once(prompt, text, is_held_out(turns[0][1]))


def split_sentences(text):
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+|\n+", text) if part.strip()]


LINKS = ["https://www.example.org/{}", "http://{}.example.com", "https://docs.example.net/{}/page", "www.{}.example.org"]
EMOJI = "😀😊🎉👍🔥✨🙏😂❤️🚀💡😢🌟✅🤔🎈🍀📚🐶🌍"
EMOTICONS = [":-)", ":)", ";)", ":D", ":(", "<3", ":P"]
MATHS = ["x = y + 2", "a < b", "E = m", "n > 3", "2 + 2 = 4", "\\frac{a}{b}", "$$x^2$$", "∑ x ≤ n", "p ≈ 0.5"]
CODE = ["print(total)", "x = 1", "def run(n):\n    return n", "ls -la", "for i in rows:\n    add(i)", "SELECT name FROM users;"]
CONTRACTIONS = [("I am", "I'm"), ("do not", "don't"), ("cannot", "can't"), ("it is", "it's"), ("you are", "you're"),
                ("is not", "isn't"), ("I will", "I'll"), ("that is", "that's"), ("did not", "didn't"), ("we are", "we're")]
QUESTIONS = ["What do you think?", "Does that help?", "Would you like to know more?", "Is there anything else?",
             "Why do you ask?", "Shall I go on?", "How does that sound?", "What else can I do for you?"]


def words_of(text):
    return text.split()


def some_word(text, rng):
    return rng.choice(re.findall(r"[A-Za-z]{3,}", text) or ["text"])


def on_words(text, rng, share, change):
    """Changes some words and leaves line breaks as they are."""
    parts = re.split(r"(\s+)", text)
    places = [place for place in range(0, len(parts), 2) if re.search(r"[A-Za-z]{2}", parts[place])]
    for place in rng.sample(places, min(len(places), max(1, int(len(places) * share)))):
        parts[place] = change(parts[place])
    return "".join(parts)


def insert(text, extra, rng):
    parts = split_sentences(text)
    parts.insert(rng.randrange(len(parts) + 1), extra)
    return " ".join(parts)


def bulleted(text, rng):
    sign = rng.choice(["-", "-", "*", "+"])
    return "\n".join(f"{sign} {part}" for part in split_sentences(text))


def numbered(text, rng):
    parts = split_sentences(text)
    first = rng.choice([0, 0, 1]) if len(parts) > 2 else 0
    items = [f"{place}. {part}" for place, part in enumerate(parts[first:], 1)]
    return "\n".join(parts[:first] + items)


def headed(text, rng):
    level = "#" * rng.choice([1, 2, 2, 3])
    return f"{level} {some_word(text, rng).capitalize()} {rng.choice(['', 'and more', 'in short', 'notes'])}".strip() + "\n\n" + text


def fenced(text, rng):
    return text + f"\n\n```{rng.choice(['', 'python', 'sh'])}\n{rng.choice(CODE)}\n```" + rng.choice(["", "\n\nThat is all."])


def tabled(text, rng):
    rows = [f"| {some_word(text, rng)} | {some_word(text, rng)} |" for _ in range(rng.randint(1, 3))]
    return text + "\n\n| Name | Value |\n|---|---|\n" + "\n".join(rows)


def contracted(text, rng):
    whole, short = (0, 1) if rng.random() < 0.5 else (1, 0)
    for pair in CONTRACTIONS:
        text = text.replace(pair[whole], pair[short])
    return text


def shortened(text, rng):
    parts = split_sentences(text)
    return " ".join(parts[: max(1, int(len(parts) * rng.uniform(0.2, 0.8)))])


def paragraphs(text, rng):
    parts = split_sentences(text)
    return "".join(part + rng.choice([" ", "\n\n"]) for part in parts).strip()


def exclaimed(text, rng):
    return re.sub(r"\.(?=\s|$)", lambda _: rng.choice("!!."), text)


def plain_tail(text, rng):
    return re.sub(r"\s*[^.!?]*\?\s*$", "", text) or text


VARIATIONS = {
    "bulleted": bulleted,
    "numbered": numbered,
    "headed": headed,
    "fenced": fenced,
    "tabled": tabled,
    "contracted": contracted,
    "shortened": shortened,
    "paragraphs": paragraphs,
    "exclaimed": exclaimed,
    "plain_tail": plain_tail,
    "bold": lambda text, rng: on_words(text, rng, 0.08, lambda word: rng.choice(["**{}**", "**{}**", "*{}*"]).format(word)),
    "inline": lambda text, rng: on_words(text, rng, 0.06, lambda word: f"`{word}`"),
    "quoted": lambda text, rng: on_words(text, rng, 0.06, lambda word: rng.choice(['"{}"', "“{}”"]).format(word)),
    "bracketed": lambda text, rng: on_words(text, rng, 0.07, lambda word: f"({word})"),
    "capitals": lambda text, rng: on_words(text, rng, 0.12, str.upper),
    "commas": lambda text, rng: on_words(text, rng, 0.12, lambda word: word if word[-1] in ",.!?" else word + ","),
    "dashes": lambda text, rng: on_words(text, rng, 0.08, lambda word: word + rng.choice([" —", "—so", " –", " --"])),
    "no_commas": lambda text, rng: text.replace(",", ""),
    "numbers": lambda text, rng: on_words(text, rng, 0.08, lambda word: f"{word} {rng.choice([rng.randint(1, 99), rng.randint(100, 2999)])}"),
    "emoji": lambda text, rng: on_words(text, rng, 0.06, lambda word: f"{word} {rng.choice(EMOJI[:-1])}"),
    "emoticons": lambda text, rng: on_words(text, rng, 0.05, lambda word: f"{word} {rng.choice(EMOTICONS)}"),
    "maths": lambda text, rng: insert(text, f"{rng.choice(MATHS)}.", rng),
    "links": lambda text, rng: insert(text, "See " + rng.choice(LINKS).format(some_word(text, rng).lower()) + " for more.", rng),
    "question": lambda text, rng: insert(text, rng.choice(QUESTIONS), rng),
    "final_question": lambda text, rng: text + " " + rng.choice(QUESTIONS),
}


def read_banks(folder, sentences):
    """Sentences of the training texts that show a lexicon trait, by trait."""
    banks = {}
    with open(folder / "sentences.csv", newline="") as lines:
        for row in csv.DictReader(lines):
            text = sentences[int(row["response_id"])]
            if len(text) > 160:
                continue
            for trait, value in row.items():
                if trait == "sentiment_score":
                    if value and abs(float(value)) >= 2:
                        banks.setdefault("positive" if float(value) > 0 else "negative", []).append(text)
                elif (trait.endswith("_count") or trait == "refusal") and value not in ("", "0") and trait in LEXICAL:
                    banks.setdefault(trait, []).append(text)
    return banks


LEXICAL = {
    "refusal", "hedge_count", "booster_count", "ai_mention_count", "apology_count", "directive_count", "agreement_count",
    "compliment_count", "ethics_count", "politeness_count", "friendliness_count", "casual_count", "formal_count",
    "profanity_count", "empathy_count", "enthusiasm_count", "emotion_count", "example_count", "conclusion_count",
    "connective_count", "citation_count", "offer_count", "negation_count", "first_person_count", "second_person_count",
}


def lexicon_sentences(rng, root):
    """Short sentences of our own around each term of a lexicon, so that rare terms are met too."""
    files = {
        "hedge_count": "hedges", "booster_count": "boosters", "ai_mention_count": "ai-mentions", "apology_count": "apologies",
        "directive_count": "directives", "agreement_count": "agreement", "compliment_count": "compliments", "ethics_count": "ethics",
        "politeness_count": "politeness", "friendliness_count": "friendliness", "casual_count": "casual", "formal_count": "formal",
        "profanity_count": "profanity", "empathy_count": "empathy", "enthusiasm_count": "enthusiasm", "emotion_count": "emotion",
        "example_count": "examples", "conclusion_count": "conclusions", "connective_count": "connectives",
        "citation_count": "citations", "offer_count": "offers",
    }
    frames = ["{}.", "{}, and so on.", "Here it is: {}.", "{}, that is so.", "Well, {}.", "{} this is it.", "And {} it goes on."]
    banks = {}
    for trait, name in files.items():
        terms = json.loads((root / f"{name}.json").read_text())["terms"]
        for term in terms:
            term = term.replace("*", "")
            text = rng.choice(frames).format(term)
            banks.setdefault(trait, []).append(text[0].upper() + text[1:])
    return banks


def vary(text, rng, banks):
    """One to three changes, each drawn afresh."""
    for _ in range(rng.choice([1, 1, 2, 2, 3])):
        if rng.random() < 0.55:
            trait = rng.choice(sorted(banks))
            for _ in range(rng.choice([1, 1, 2])):
                text = insert(text, rng.choice(banks[trait]), rng) if "\n" not in text else text + " " + rng.choice(banks[trait])
        else:
            text = VARIATIONS[rng.choice(sorted(VARIATIONS))](text, rng)
    return text


def write_lines(path, rows):
    with open(path, "w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def make_sentences(data, folder):
    kept = []
    for prompt, text, held in read_bases(data):
        if not held:
            kept.extend(split_sentences(text))
    kept = sorted(set(kept))
    write_lines(folder / "sentences.jsonl", ({"id": place, "text": text, "prompt": ""} for place, text in enumerate(kept)))


def make_texts(data, folder, lexicons):
    """Each row: id, prompt, text, base (the text it is a variation of) and part (train, held or human)."""
    rng = random.Random(SEED)
    sentences = [json.loads(line)["text"] for line in open(folder / "sentences.jsonl", encoding="utf-8")]
    banks = read_banks(folder, sentences)
    own = lexicon_sentences(rng, lexicons)
    for trait, texts in own.items():
        banks.setdefault(trait, [])
        banks[trait] = banks[trait] + texts * max(1, len(banks[trait]) // max(1, len(texts)))
    rows = []

    def add(part, base, prompt, text):
        rows.append({"id": len(rows), "part": part, "base": base, "prompt": prompt, "text": text})
        return rows[-1]["id"]

    for base, (prompt, text, held) in enumerate(read_bases(data)):
        part = "held" if held else "train"
        add(part, base, prompt, text)
        short = text if len(text) < 420 else shortened(text, rng)
        for _ in range(4):
            add(part, base, prompt, vary(short, rng, banks)[: LONGEST + 200])
    pairs = []
    for name, prompt, first, second, label, held in read_pairs(data):
        first, second = str(first), str(second)
        if not first.strip() or not second.strip() or max(len(first), len(second)) > 1500:
            continue
        ids = [add("human", -1, prompt, text.strip()) for text in (first, second)]
        pairs.append({"set": name, "a": ids[0], "b": ids[1], "label": label, "held": held})
    write_lines(folder / "texts.jsonl", rows)
    write_lines(folder / "pairs.jsonl", pairs)
    print(len(rows), "texts,", len(pairs), "pairs people have judged")


if __name__ == "__main__":
    what, data, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    if what == "sentences":
        make_sentences(data, folder)
    else:
        make_texts(data, folder, Path(__file__).resolve().parents[2] / "resources" / "lexicons")
