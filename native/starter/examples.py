"""Training and test examples: two texts, and questions about them whose answers follow from the product's own trait counts."""

import csv
import json
from pathlib import Path

import numpy as np

from vocabulary import Vocabulary

HERE = Path(__file__).resolve().parent
TEXT_TOKENS = 180
MEASURES = {"char_count", "mean_sentence_words", "mean_word_length", "sentiment_score"}
A, B, NEITHER = 0, 1, 2


class Corpus:
    def __init__(self, folder, vocabulary):
        self.vocabulary = vocabulary
        self.folder = folder
        document = json.loads((HERE / "principles.json").read_text())
        self.frames, self.preference = document["frames"], document["preference"]
        self.traits = [own["trait"] for own in document["principles"]]
        # A principle is a trait and the side it prefers.
        self.principles = [
            (place, 1 if side == "larger" else -1, own[side])
            for place, own in enumerate(document["principles"])
            for side in ("larger", "smaller")
            if side in own
        ]
        self.by_sign = {
            sign: {place: own for place, direction, own in self.principles if direction == sign} for sign in (1, -1)
        }
        rows = [json.loads(line) for line in open(folder / "texts.jsonl", encoding="utf-8")]
        self.tokens = encode_once(folder, vocabulary, rows)
        self.part = np.array([row["part"] for row in rows])
        self.base = np.array([row["base"] for row in rows])
        self.size = np.array([len(own) for own in self.tokens])
        with open(folder / "texts.csv", newline="") as lines:
            reader = csv.DictReader(lines)
            self.values = np.array([[float(row[trait] or "nan") for trait in self.traits] for row in reader])
        self.spread = np.nanstd(self.values, axis=0)
        self.set_targets()
        self.human = [json.loads(line) for line in open(folder / "pairs.jsonl")]
        fits = self.size <= TEXT_TOKENS
        self.pool = {part: np.flatnonzero((self.part == part) & fits) for part in ("train", "held")}
        for own in self.pool.values():
            own[:] = own[np.argsort(self.size[own], kind="stable")]
        self.carriers = {}
        self.family = {}
        for part, own in self.pool.items():
            for place in own:
                self.family.setdefault((part, self.base[place]), []).append(place)
        self.judged = {
            held: [
                pair
                for pair in self.human
                if pair["held"] == held
                and pair["set"] != "llmbar"
                and pair["label"] != "tie"
                and fits[pair["a"]]
                and fits[pair["b"]]
            ]
            for held in (False, True)
        }

    def set_targets(self):
        """What the marks are to hold: counts on a log scale in units of their spread, those nearly every text has centred."""
        values = np.nan_to_num(self.values)
        logs = np.sign(values) * np.log1p(np.abs(values))
        self.is_dense = (values != 0).mean(0) > 0.9
        self.scale = np.maximum(logs.std(0), 0.15)
        # A text without the trait is as far below zero as one that has it a little is above.
        self.offset = np.where(self.is_dense, logs.mean(0) / self.scale, 1.0)
        self.targets = np.clip(logs / self.scale - self.offset, -4, 4)

    def differ(self, first, second):
        """By trait: 1 where the first text has more, -1 less, 0 the same, 2 where it cannot be told or hardly differs."""
        left, right = self.values[first], self.values[second]
        gap = left - right
        sign = np.sign(gap)
        sign[np.isnan(gap)] = 2
        for place, trait in enumerate(self.traits):
            if trait not in MEASURES or sign[place] == 2:
                continue
            if trait == "char_count":
                is_clear = abs(gap[place]) >= 0.1 * max(left[place], right[place])
            else:
                is_clear = abs(gap[place]) >= 0.25 * self.spread[place]
            if not is_clear:
                sign[place] = 2
        return sign.astype(int)

    def draw_pair(self, part, rng):
        pool = self.pool[part]
        kind = rng.random()
        if kind < 0.15 and self.judged[part == "held"]:
            own = self.judged[part == "held"][rng.integers(len(self.judged[part == "held"]))]
            pair = own["a"], own["b"], A if own["label"] == "a" else B
        elif kind < 0.5:
            first = pool[rng.integers(len(pool))]
            family = self.family[(part, self.base[first])]
            pair = first, family[rng.integers(len(family))], None
        elif kind < 0.85:
            place = rng.integers(len(pool))
            other = np.clip(place + rng.integers(-len(pool) // 25, len(pool) // 25), 0, len(pool) - 1)
            pair = pool[place], pool[other], None
        else:
            pair = pool[rng.integers(len(pool))], pool[rng.integers(len(pool))], None
        first, second, label = pair
        if rng.random() < 0.5:
            first, second, label = second, first, None if label is None else 1 - label
        return first, second, label

    def draw_carrying(self, part, rng):
        """A pair of which one text has a trait that few texts have; each such trait is drawn as often as any other."""
        if part not in self.carriers:
            pool = self.pool[part]
            listed = [pool[self.values[pool, trait] > 0] for trait in np.flatnonzero(~self.is_dense)]
            self.carriers[part] = [own for own in listed if 8 < len(own) < len(pool) // 4]
        own = self.carriers[part][rng.integers(len(self.carriers[part]))]
        first = own[rng.integers(len(own))]
        if rng.random() < 0.5:
            family = self.family[(part, self.base[first])]
            second = family[rng.integers(len(family))]
        else:
            pool = self.pool[part]
            place = int(np.searchsorted(self.size[pool], self.size[first])) + rng.integers(-len(pool) // 25, len(pool) // 25)
            second = pool[np.clip(place, 0, len(pool) - 1)]
        return (first, second, None) if rng.random() < 0.5 else (second, first, None)

    def phrase(self, phrasings, rng, part="seen"):
        own = phrasings[part]
        return own[rng.integers(len(own))]

    def frame(self, rng, part="seen"):
        frames = self.frames[part]
        return frames[rng.integers(len(frames))]

    def name_traits(self, first, second, count):
        """Principles the first text keeps better than the second, the clearest first; none twice from one trait."""
        sign = self.differ(first, second)
        gap = (self.values[first] - self.values[second]) / np.maximum(self.spread, 1e-6)
        order = np.argsort(-np.abs(np.nan_to_num(gap)), kind="stable")
        named = []
        for trait in order:
            if sign[trait] in (1, -1) and trait in self.by_sign[sign[trait]]:
                named.append(self.by_sign[sign[trait]][trait]["seen"][0])
            if len(named) == count:
                break
        return named


def encode_once(folder, vocabulary, rows):
    kept = folder / "tokens.npz"
    if not kept.exists():
        tokens = [vocabulary.encode(row["text"]) for row in rows]
        np.savez(kept, all=np.concatenate([np.array(own, dtype=np.int32) for own in tokens]), sizes=[len(own) for own in tokens])
    stored = np.load(kept)
    return [own.tolist() for own in np.split(stored["all"], np.cumsum(stored["sizes"])[:-1])]


def strip_opening(principle):
    """The product leaves the common opening out of what the starter model reads."""
    opening = "Select the response that "
    return principle[len(opening) :] if principle.startswith(opening) else principle


def text_prefix(corpus, first, second):
    ids = corpus.vocabulary.ids
    return [ids["<s>"], ids["<|1|>"], *corpus.tokens[first], ids["<|2|>"], *corpus.tokens[second]]


def question(corpus, words, answer, asks=(0, 0)):
    """Tokens, the targets of each (-1 where nothing is to be said), and the trait and side asked for (0 where none is)."""
    vocabulary = corpus.vocabulary
    asked = [vocabulary.ids["<|3|>"], *vocabulary.encode(words), vocabulary.ids["<|answer|>"]]
    said = vocabulary.encode(answer)
    tokens = asked + said[:-1] if answer in "ABC" else asked + said
    targets = [-1] * (len(asked) - 1) + said + ([] if answer in "ABC" else [vocabulary.ids["</s>"]])
    return tokens, targets, asks


class Balance:
    """Draws questions so that no answer of a principle goes with length or with being rare."""

    def __init__(self, corpus):
        self.corpus = corpus
        self.longer = np.ones((len(corpus.traits), 2))

    def choose(self, sign, is_longer, count, rng):
        corpus = self.corpus
        told = np.flatnonzero((sign == 1) | (sign == -1))
        weights = np.array([self.weigh(trait, sign[trait], is_longer) for trait in told])
        many = min(len(told), int(round(count * 0.78)))
        chosen = list(rng.choice(told, many, replace=False, p=weights / weights.sum())) if many else []
        for trait in chosen:
            self.longer[trait, int((sign[trait] == 1) == is_longer)] += 1
        same = np.flatnonzero(sign == 0)
        few = min(len(same), count - many, 1 + many // 4)
        return chosen + list(rng.choice(same, few, replace=False))

    def weigh(self, trait, sign, is_longer):
        own = self.longer[trait]
        side = int((sign == 1) == is_longer)
        rarity = (self.longer.sum(1).mean() / own.sum()) ** 0.8
        return rarity * min(4.0, max(0.25, own[1 - side] / own[side]))


def make_questions(corpus, balance, pair, count, is_framed, rng):
    first, second, label = pair
    sign = corpus.differ(first, second)
    questions = []
    if label is not None:
        questions.append(question(corpus, corpus.phrase(corpus.preference, rng), "AB"[label]))
    for trait in balance.choose(sign, corpus.size[first] > corpus.size[second], count - len(questions), rng):
        directions = [direction for direction in (1, -1) if trait in corpus.by_sign[direction]]
        direction = directions[0] if len(directions) == 1 or rng.random() < 0.55 else -1
        words = corpus.phrase(corpus.by_sign[direction][trait], rng)
        if is_framed:
            words = strip_opening(corpus.frame(rng).format(words))
        answer = "C" if sign[trait] == 0 else "AB"[int(sign[trait] != direction)]
        questions.append(question(corpus, words, answer, (trait, direction)))
    return questions


def make_writing(corpus, pair, rng):
    """A list of principles for one side, and a rationale for the other."""
    first, second, _ = pair
    questions = []
    for side, (own, other) in enumerate(((first, second), (second, first))):
        count = int(rng.choice([1, 2, 3, 3, 5]))
        named = corpus.name_traits(own, other, count)
        if not named:
            continue
        if rng.random() < 0.5:
            listed = json.dumps({"principles": [f"Select the response that {words}" for words in named]}, ensure_ascii=False)
            questions.append(question(corpus, f"Why {'AB'[side]}? {count}", listed))
        else:
            text = f"Response {side + 1} is better because it {' and '.join(named[:2])}."
            questions.append(question(corpus, f"Explain {side + 1}", text))
    return questions


def learn_vocabulary(folder, size):
    from vocabulary import learn

    rows = [json.loads(line) for line in open(folder / "texts.jsonl", encoding="utf-8")]
    texts = [row["text"] for row in rows if row["part"] == "train"]
    document = json.loads((HERE / "principles.json").read_text())
    phrases = [
        words for own in document["principles"] for side in ("larger", "smaller") if side in own for words in own[side]["seen"]
    ]
    vocabulary = Vocabulary(learn(texts + phrases * 100, size))
    vocabulary.save(folder / "merges.json")
    return vocabulary
