"""
What the model begins with. A random start needs far more text than there is before it compares two texts at all, so the
way of comparing is laid out, and learning fills it:

- token embeddings hold, beside free dimensions, how much a token speaks for each trait: a ridge regression of the
  product's trait counts on the tokens of the training texts;
- the first layer marks which text a token belongs to, and copies the token before;
- the last but one sums the token traits of either text into the marks that end them;
- the last compares the two marks along the trait that the principle asks for.

Every weight is trained afterwards.
"""

import numpy as np
import torch

CONSTANT, FLAGS, SEGMENT, VERDICT, QUESTION, TOKEN_TRAITS = 0, 1, 6, 7, 8, 9
CLEAR = 4.0
# Squared length of an ordinary token.
LENGTH = 12.0
# Of a sum on either side of the attention: together they undo the share that the first token takes.
GAIN = 6.3


def phrase_place(traits):
    """First of the dimensions that tell which trait a word of a question names; the one behind them tells the side."""
    return TOKEN_TRAITS + 2 * traits


def summary_place(traits):
    """First of the dimensions that hold a text's traits at its mark; the asked trait is held among the token traits."""
    return TOKEN_TRAITS + traits


def regress_tokens(corpus, size):
    """Weights [tokens, traits] of a ridge regression of clipped counts, in the units of the targets."""
    kept = corpus.folder / "regression.npy"
    if kept.exists():
        return np.load(kept)
    rows = corpus.pool["train"]
    counts = np.zeros((len(rows), size.vocabulary), np.float32)
    for place, row in enumerate(rows):
        np.add.at(counts[place], corpus.tokens[row], 1)
    wanted = np.clip(np.nan_to_num(corpus.values[rows]), -10, 10) / corpus.scale
    wanted[:, corpus.is_dense] = corpus.targets[rows][:, corpus.is_dense]
    gram = counts.T @ counts + 3.0 * np.eye(size.vocabulary, dtype=np.float32)
    weights = np.linalg.solve(gram, counts.T @ wanted.astype(np.float32))
    weights = np.clip(weights, -3, 3).astype(np.float32)
    np.save(kept, weights)
    return weights


def list_phrasings(corpus, encode):
    """Token ids, trait and side of every seen phrasing, bare and in each frame."""
    for trait, side, phrasings in corpus.principles:
        for words in phrasings["seen"]:
            for text in [words, *(frame.format(words) for frame in dict.fromkeys(corpus.frames["seen"]))]:
                yield encode(text.removeprefix("Select the response that ")), trait, side


def regress_phrases(corpus, size):
    """Weights [tokens, traits + 1] of a ridge regression of the trait asked for, and of the side, on the words of phrasings."""
    listed = list(list_phrasings(corpus, corpus.vocabulary.encode))
    shares = np.zeros((len(listed), size.vocabulary), np.float32)
    wanted = np.zeros((len(listed), size.traits + 1), np.float32)
    for row, (tokens, trait, side) in enumerate(listed):
        np.add.at(shares[row], tokens, 1 / (len(tokens) + 2))
        wanted[row, trait] = 1
        wanted[row, -1] = side
    # As many unknowns as words, far more than phrasings: the dual form is the smaller one.
    gram = shares @ shares.T + 0.003 * np.eye(len(listed), dtype=np.float32)
    return 0.2 * shares.T @ np.linalg.solve(gram, wanted)


@torch.no_grad()
def wire(model, corpus):
    size = model.size
    ids = corpus.vocabulary.ids
    head = size.width // size.heads
    traits, summary = size.traits, summary_place(size.traits)
    free = slice(phrase_place(traits) + traits + 1, size.width)
    # What is laid out begins undisturbed by what is not.
    for layer in model.layers:
        layer.output.weight[: free.start] = 0
        layer.down.weight[: free.start] = 0
    embedding = model.embedding.weight
    weights = torch.tensor(regress_tokens(corpus, size))
    rest = embedding[:, free].clone()
    embedding.zero_()
    embedding[:, free] = rest / rest.std() * 0.25
    embedding[:, CONSTANT] = 1.0
    embedding[:, TOKEN_TRAITS : TOKEN_TRAITS + traits] = 0.3 * weights
    phrases = phrase_place(traits)
    embedding[:, phrases : phrases + traits + 1] = torch.tensor(regress_phrases(corpus, size))
    # A token is divided by its length before it is read; the last dimension makes all of one length.
    embedding[:, -1] = 0
    embedding[:, -1] = (LENGTH - (embedding**2).sum(1)).clamp(min=0).sqrt()
    for place, token in enumerate(("<|1|>", "<|2|>", "<|3|>", "<|answer|>", "<s>")):
        embedding[ids[token], TOKEN_TRAITS : TOKEN_TRAITS + traits] = 0
        embedding[ids[token], phrases : phrases + traits + 1] = 0
        embedding[ids[token], -1] = 0
        embedding[ids[token], FLAGS + place] = 1.5
    for token, side in (("A", 1.0), ("B", -1.0)):
        embedding[ids[token], VERDICT] = side
    # What is said comes from the verdict, the free dimensions and, at the answer, the three letters.
    model.norm.weight[: free.start] = 0
    model.norm.weight[VERDICT] = 1.0
    model.norm.weight[FLAGS + 3] = 1.0
    for token, lead in (("A", 2.5), ("B", 2.5), ("C", 2.8)):
        embedding[ids[token], FLAGS + 3] = lead
    wire_segments(model.layers[0], head)
    wire_before(model.layers[0], head, free)
    wire_offsets(model.layers[0], head, summary, corpus.is_dense)
    wire_listening(model.layers[1], size, head)
    wire_sums(model.layers[-2], size, head)
    wire_comparison(model.layers[-1], size, head)


@torch.no_grad()
def fit_sums(model, batch):
    """Sets the gain of each trait's sum to the slope of its target, above what a text without it has."""
    texts, lengths, seconds, questions, _, targets, _ = batch
    _, (marks, _) = model(texts, lengths, questions, seconds)
    size = model.size
    layer, head, summary = model.layers[-2], size.width // size.heads, summary_place(size.traits)
    each = -(-size.traits // size.heads)
    begun = model.layers[0].output.weight[summary : summary + size.traits, 2 * head]
    got = marks[..., summary : summary + size.traits].flatten(0, 1) - begun
    wanted = targets.flatten(0, 1) - begun
    slope = ((got * wanted).sum(0) / (got * got).sum(0).clamp(min=1e-4)).clamp(0.05, 12)
    for trait in range(size.traits):
        layer.output.weight[summary + trait, trait // each * head + trait % each] *= slope[trait]


def wire_offsets(layer, head, summary, is_dense):
    """Head 2: the marks see themselves, and begin where a text without the trait stands."""
    rows = slice(2 * head, 3 * head)
    for own in (layer.query, layer.key, layer.value):
        own.weight[rows] = 0
    layer.output.weight[:, rows] = 0
    for mark in (FLAGS + 1, FLAGS + 2):
        side = 1.0 if mark == FLAGS + 1 else -1.0
        layer.query.weight[3 * head - 2, mark] = side * 1.5
        layer.key.weight[3 * head - 2, mark] = side * 1.5
        layer.value.weight[2 * head, mark] = 0.13
    layer.output.weight[summary : summary + len(is_dense), 2 * head] = torch.tensor(-1.0 * ~is_dense).float()


@torch.no_grad()
def fit_understanding(model, corpus, batch):
    """
    Sets what the answer hears to the scale of the regression, and lets the last but one layer multiply the trait, where it
    is clear, by the side.
    """
    texts, lengths, seconds, questions, goals, _, sides = batch
    size, layer = model.size, model.layers[-2]
    phrases, traits = phrase_place(size.traits), size.traits
    heard = []
    watch = layer.norm.register_forward_hook(lambda _, inputs, output: heard.append(output))
    told = sides[:, 1] != 0
    last = goals.flatten(0, 1).ge(0).float().argmax(1)
    rows = torch.arange(len(last))

    def listen():
        heard.clear()
        model(texts, lengths, questions, seconds)
        state = heard[1].view(len(last), questions.shape[2], -1)[rows, last]
        return state[told, phrases : phrases + traits], state[told, phrases + traits], state[told, CONSTANT].mean()

    trait, side, _ = listen()
    asked = torch.nn.functional.one_hot(sides[told, 0], traits).float()
    hit = (trait * asked).sum() / asked.sum()
    miss = (trait * (1 - asked)).sum() / (1 - asked).sum()
    turn = (side * sides[told, 1]).mean()
    _, _, constant = listen()
    watch.remove()
    print("heard", float(hit), float(miss), float(turn), float(((side * sides[told, 1]) > 0).float().mean()), float((trait.argmax(1) == sides[told, 0]).float().mean()))
    layer.down.weight[:, :traits] = 0
    layer.gate.weight[:traits] = 0
    layer.up.weight[:traits] = 0
    for own in range(traits):
        # silu(6) is 6: a hit comes out as CLEAR on its side; a miss stays below the bend.
        layer.gate.weight[own, phrases + own] = 12 / hit
        layer.gate.weight[own, CONSTANT] = -6 / constant
        layer.up.weight[own, phrases + traits] = 1 / turn
        layer.down.weight[TOKEN_TRAITS + own, own] = CLEAR / 6


def wire_segments(layer, head):
    """Head 0: the second mark, where it is seen, else the first; the segment is +1 in the first text, -1 in the second."""
    rows = slice(0, head)
    for own in (layer.query, layer.key, layer.value):
        own.weight[rows] = 0
    layer.output.weight[:, rows] = 0
    last = head - 2
    layer.query.weight[last, CONSTANT] = 4.0
    layer.key.weight[last, FLAGS] = 1.5
    layer.key.weight[last, FLAGS + 1] = 3.5
    layer.key.weight[last, FLAGS + 2] = 7.0
    layer.value.weight[1, FLAGS + 2] = 0.2
    layer.output.weight[QUESTION, 1] = 1.0
    layer.value.weight[0, FLAGS] = 0.2
    layer.value.weight[0, FLAGS + 1] = -0.2
    layer.output.weight[SEGMENT, 0] = 1.0


def wire_listening(layer, size, head):
    """All heads: the answer sees the words of its question, and takes over what they say of trait and side."""
    phrases = phrase_place(size.traits)
    each = -(-(size.traits + 1) // size.heads)
    for own in range(size.heads):
        start = own * head
        last = start + head - 2
        layer.query.weight[start : start + head] *= 0.1
        layer.key.weight[start : start + head] *= 0.1
        layer.query.weight[last, FLAGS + 3] = 0.6
        layer.key.weight[last, QUESTION] = 1.0
        for place, dimension in enumerate(range(phrases + own * each, min(phrases + size.traits + 1, phrases + own * each + each))):
            layer.value.weight[start + place] = 0
            layer.value.weight[start + place, dimension] = 1.0
            layer.output.weight[:, start + place] = 0
            layer.output.weight[dimension, start + place] = 1.0


def steady(model):
    """
    A change of what early layers add to every token's traits is multiplied by the length of the text in the sums; those
    rows stay as they are laid out.
    """
    place = TOKEN_TRAITS + model.size.traits

    def hold(gradient):
        gradient = gradient.clone()
        gradient[:place] = 0
        return gradient

    for layer in list(model.layers)[:-2]:
        layer.output.weight.register_hook(hold)
        layer.down.weight.register_hook(hold)


def wire_before(layer, head, free):
    """Head 1: looks one token back, by turning a constant query back by one step in the fast dimensions."""
    rows = slice(head, 2 * head)
    layer.query.weight[rows] = 0
    layer.key.weight[rows] = 0
    base = 1_000_000.0
    for place in range(0, head // 2, 2):
        turn = base ** (-place / head)
        strength = 1.6
        layer.key.weight[head + place, CONSTANT] = strength
        layer.query.weight[head + place, CONSTANT] = strength * np.cos(turn)
        layer.query.weight[head + place + 1, CONSTANT] = -strength * np.sin(turn)


def wire_sums(layer, size, head):
    """All heads: a mark attends to the tokens of its text and to the first token, which takes most, so that sums come out."""
    traits, summary = size.traits, summary_place(size.traits)
    slow, slower = head - 4, head - 2
    each = -(-traits // size.heads)
    for own in range(size.heads):
        start = own * head
        rows = slice(start, start + head)
        for part in (layer.query, layer.key, layer.value):
            part.weight[rows] *= 0.3
        layer.query.weight[start + slow] = 0
        layer.key.weight[start + slow] = 0
        layer.query.weight[start + slower] = 0
        layer.key.weight[start + slower] = 0
        layer.query.weight[start + slow, FLAGS + 1] = 1.7
        layer.query.weight[start + slow, FLAGS + 2] = -1.7
        layer.key.weight[start + slow, SEGMENT] = 1.4
        # Other tokens see nothing but the first one.
        layer.query.weight[start + slower, CONSTANT] = 2.5
        layer.query.weight[start + slower, FLAGS + 1] = 0.6
        layer.query.weight[start + slower, FLAGS + 2] = 0.6
        layer.key.weight[start + slower, FLAGS + 4] = 1.35
        mine = range(own * each, min(traits, (own + 1) * each))
        for place, trait in enumerate(mine):
            layer.value.weight[start + place] = 0
            layer.value.weight[start + place, TOKEN_TRAITS + trait] = GAIN
            layer.output.weight[:, start + place] = 0
            layer.output.weight[summary + trait, start + place] = GAIN


def wire_comparison(layer, size, head):
    """Each head compares its share of the traits in its slow dimensions, at the two marks only."""
    traits, summary = size.traits, summary_place(size.traits)
    each = -(-traits // size.heads)
    first_slow = head - 16
    for own in range(size.heads):
        start = own * head
        rows = slice(start, start + head)
        for part in (layer.query, layer.key, layer.value):
            part.weight[rows] *= 0.3
        gate = start + head - 1
        for part in (layer.query, layer.key):
            part.weight[start + first_slow : start + head] = 0
        layer.query.weight[gate, CONSTANT] = 1.0
        layer.key.weight[gate, FLAGS + 1] = 3.0
        layer.key.weight[gate, FLAGS + 2] = 3.0
        # A head whose traits are not asked for looks at the first token, which says nothing.
        layer.key.weight[gate, FLAGS + 4] = 2.2
        for place, trait in enumerate(range(own * each, min(traits, (own + 1) * each))):
            layer.query.weight[start + first_slow + place, TOKEN_TRAITS + trait] = 1.6
            layer.key.weight[start + first_slow + place, summary + trait] = 1.6
        layer.value.weight[start] = 0
        layer.value.weight[start, FLAGS + 1] = 1.0
        layer.value.weight[start, FLAGS + 2] = -1.0
        layer.output.weight[:, start] = 0
        layer.output.weight[VERDICT, start] = 2.0
