"""Byte-level BPE of our own: learnt from the training texts, the same splitting into pieces as llama.cpp's gpt-2 rule."""

import json
from collections import Counter

import regex

SPECIAL = ["<s>", "</s>", "<|1|>", "<|2|>", "<|3|>", "<|answer|>"]
PIECES = regex.compile(r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+""")
MERGED = regex.compile(r""" ?\p{L}+|'(?:s|t|re|ve|m|ll|d)|[^\x00-\x7f]+""")


def byte_letters():
    """GPT-2's alphabet: a visible character for each byte."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in shown]
    letters = {byte: chr(byte) for byte in shown}
    letters.update({byte: chr(0x100 + place) for place, byte in enumerate(hidden)})
    return letters


LETTERS = byte_letters()


def spell(piece):
    return tuple(LETTERS[byte] for byte in piece.encode())


def join(word, pair):
    joined, place = [], 0
    while place < len(word):
        if word[place : place + 2] == pair:
            joined.append(word[place] + word[place + 1])
            place += 2
        else:
            joined.append(word[place])
            place += 1
    return tuple(joined)


def learn(texts, size):
    """Merges of letters only: punctuation marks, digits and line breaks stay single tokens, so that they can be counted."""
    counts = Counter()
    for text in texts:
        counts.update(piece for piece in PIECES.findall(text) if MERGED.fullmatch(piece))
    words = {spell(piece): count for piece, count in counts.items()}
    merges = []
    pairs, places = Counter(), {}
    for word, count in words.items():
        for pair in zip(word, word[1:]):
            pairs[pair] += count
            places.setdefault(pair, set()).add(word)
    while len(merges) < size - 256 - len(SPECIAL) and pairs:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        for word in list(places.get(best, ())):
            count = words.pop(word, 0)
            if count == 0:
                continue
            for pair in zip(word, word[1:]):
                pairs[pair] -= count
                places[pair].discard(word)
            new = join(word, best)
            words[new] = words.get(new, 0) + count
            for pair in zip(new, new[1:]):
                pairs[pair] += count
                places.setdefault(pair, set()).add(new)
        del pairs[best]
    return merges


class Vocabulary:
    def __init__(self, merges):
        self.merges = [tuple(pair) for pair in merges]
        self.ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self.tokens = SPECIAL + [LETTERS[byte] for byte in range(256)] + ["".join(pair) for pair in self.merges]
        self.ids = {token: place for place, token in reversed(list(enumerate(self.tokens)))}
        self.cache = {}

    def __len__(self):
        return len(self.tokens)

    def encode(self, text):
        ids = []
        for piece in PIECES.findall(text):
            known = self.cache.get(piece)
            if known is None:
                word = spell(piece)
                while len(word) > 1:
                    pair = min(zip(word, word[1:]), key=lambda own: self.ranks.get(own, len(self.ranks)))
                    if pair not in self.ranks:
                        break
                    word = join(word, pair)
                known = self.cache[piece] = [self.ids[token] for token in word]
            ids.extend(known)
        return ids

    def save(self, path):
        path.write_text(json.dumps(self.merges, ensure_ascii=False))

    @staticmethod
    def load(path):
        return Vocabulary(json.loads(path.read_text()))
