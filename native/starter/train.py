"""
Trains the starter model on the CPU; safe to kill, goes on from its last checkpoint.

python3 train.py FOLDER --minutes 50 [--resume] [--processes 2]
"""

import argparse
import json
import math
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch
import torch.distributed as group
import torch.multiprocessing as processes

from examples import Balance, Corpus, learn_vocabulary, make_questions, make_writing, question, text_prefix
from model import Size, Starter
from vocabulary import Vocabulary
from wiring import CLEAR, TOKEN_TRAITS, fit_sums, fit_understanding, steady, summary_place, wire

SEED = 20261123


def pad(rows, fill=0):
    longest = max(len(row) for row in rows)
    return torch.tensor([row + [fill] * (longest - len(row)) for row in rows])


def make_batch(corpus, balance, rng, options, writes):
    # Pairs of about one length, so that little is padding.
    drawn = [
        corpus.draw_carrying(options.part, rng) if rng.random() < options.rare else corpus.draw_pair(options.part, rng)
        for _ in range(4 * options.pairs)
    ]
    drawn.sort(key=lambda pair: corpus.size[pair[0]] + corpus.size[pair[1]])
    start = rng.integers(3 * options.pairs + 1)
    pairs = drawn[start : start + options.pairs]
    is_framed = rng.random() < 0.25
    asked = [
        make_writing(corpus, pair, rng) if writes else make_questions(corpus, balance, pair, options.questions, is_framed, rng)
        for pair in pairs
    ]
    kept = [place for place, questions in enumerate(asked) if questions]
    prefixes = [text_prefix(corpus, *pairs[place][:2]) for place in kept]
    count = max(len(asked[place]) for place in kept)
    rows, targets, sides = [], [], []
    for place in kept:
        own = asked[place] + [([0], [-1], (0, 0))] * (count - len(asked[place]))
        rows += [tokens for tokens, _, _ in own]
        targets += [goal for _, goal, _ in own]
        sides += [side for _, _, side in own]
    questions, goals = pad(rows), pad(targets, -1)
    goals = goals[:, : questions.shape[1]]
    shape = (len(kept), count, -1)
    lengths = torch.tensor([len(prefix) for prefix in prefixes])
    seconds = torch.tensor([prefix.index(corpus.vocabulary.ids["<|2|>"]) for prefix in prefixes])
    ends = np.array([pairs[place][:2] for place in kept])
    traits = torch.tensor(corpus.targets[ends], dtype=torch.float32)
    return pad(prefixes), lengths, seconds, questions.view(shape), goals.view(shape), traits, torch.tensor(sides)


def compute_loss(model, batch, guidance):
    """Cross-entropy of what is to be said; with `guidance` also the error of the marks and of the asked trait."""
    texts, lengths, seconds, questions, goals, traits, sides = batch
    hidden, (marks, states) = model(texts, lengths, questions, seconds)
    asked = goals >= 0
    logits = hidden[asked] @ model.embedding.weight.T
    loss = torch.nn.functional.cross_entropy(logits, goals[asked])
    right = (logits.argmax(-1) == goals[asked]).float().mean().item()
    place = summary_place(model.size.traits)
    dimensions = slice(place, place + model.size.traits)
    counted = (marks[..., dimensions] - traits).pow(2).clamp(max=9).mean()
    flat, last = states.flatten(0, 1), goals.flatten(0, 1).ge(0).float().argmax(1)
    told = sides[:, 1] != 0
    asked_for = torch.nn.functional.one_hot(sides[:, 0], model.size.traits) * sides[:, 1:] * CLEAR
    meant = flat[torch.arange(len(flat)), last][:, TOKEN_TRAITS : TOKEN_TRAITS + model.size.traits]
    understood = (meant[told] - asked_for[told]).pow(2).mean() if told.any() else torch.tensor(0.0)
    total = loss + guidance * (0.5 * counted + 4 * understood)
    return total, loss.item(), right, counted.item(), float(understood)


@torch.no_grad()
def validate(model, corpus, options):
    """Mean accuracy on held-out texts, over principles, of questions of the seen phrasings."""
    rng = np.random.default_rng(7)
    balance = Balance(corpus)
    hits = {}
    vocabulary = corpus.vocabulary
    letters = [vocabulary.ids[letter] for letter in "ABC"]
    for _ in range(options.checks):
        pair = corpus.draw_pair("held", rng)
        sign = corpus.differ(*pair[:2])
        asked, keys = [], []
        for trait, direction, phrasings in corpus.principles:
            if sign[trait] == 2 or (sign[trait] == 0 and rng.random() > 0.1):
                continue
            answer = "C" if sign[trait] == 0 else "AB"[int(sign[trait] != direction)]
            asked.append(question(corpus, phrasings["seen"][0], answer))
            keys.append((corpus.traits[trait], answer))
        if not asked:
            continue
        prefix = text_prefix(corpus, *pair[:2])
        goals = pad([goal for _, goal, _ in asked], -1)[None]
        hidden, _ = model(torch.tensor([prefix]), torch.tensor([len(prefix)]), pad([tokens for tokens, _, _ in asked])[None])
        logits = hidden[goals >= 0] @ model.embedding.weight.T
        for (trait, answer), said in zip(keys, logits[:, letters].argmax(-1).tolist()):
            hits.setdefault(("C" if answer == "C" else trait), []).append("ABC"[said] == answer)
    neither = hits.pop("C", [0])
    scores = {trait: float(np.mean(own)) for trait, own in hits.items()}
    return float(np.mean(list(scores.values()))), float(np.mean(neither)), scores


def share_gradients(model, world):
    grads = [own.grad for own in model.parameters() if own.grad is not None]
    flat = torch.cat([own.flatten() for own in grads])
    group.all_reduce(flat)
    flat /= world
    place = 0
    for own in grads:
        own.copy_(flat[place : place + own.numel()].view_as(own))
        place += own.numel()


def run(rank, options):
    torch.set_num_threads(1)
    world = options.processes
    if world > 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(options.port))
        group.init_process_group("gloo", rank=rank, world_size=world)
    folder = Path(options.folder)
    vocabulary = Vocabulary.load(folder / "merges.json")
    corpus = Corpus(folder, vocabulary)
    torch.manual_seed(SEED)
    model = Starter(Size(vocabulary=len(vocabulary), width=options.width, layers=options.layers, heads=options.heads, inner=options.inner))
    if not (options.resume and (folder / "checkpoint.pt").exists()):
        wire(model, corpus)
        many = argparse.Namespace(**{**vars(options), "pairs": 48})
        batch = make_batch(corpus, Balance(corpus), np.random.default_rng(SEED), many, False)
        fit_sums(model, batch)
        fit_understanding(model, corpus, batch)
    steady(model)
    slow = [model.embedding.weight]
    others = [own for own in model.parameters() if own is not model.embedding.weight]
    groups = [{"params": slow, "pace": 0.5}, {"params": others, "pace": 1.0}]
    optimizer = torch.optim.AdamW(groups, lr=options.rate, betas=(0.9, 0.98), weight_decay=0.0)
    step, spent = 0, 0.0
    checkpoint = folder / "checkpoint.pt"
    if options.resume and checkpoint.exists():
        saved = torch.load(checkpoint)
        model.load_state_dict(saved["model"])
        if "optimizer" in saved:
            optimizer.load_state_dict(saved["optimizer"])
        step = saved["step"]
    rng = np.random.default_rng([SEED, rank, step])
    balance = Balance(corpus)
    started = last = told = time.time()
    losses, rights = [], []
    if rank == 0 and step == 0:
        save(model, optimizer, step, checkpoint)
        report(model, corpus, options, step)
    while True:
        spent = torch.tensor([(time.time() - started) / 60 / options.minutes])
        if world > 1:
            group.broadcast(spent, 0)
        share = float(spent)
        if share >= 1:
            break
        rate = options.rate * min(1, (step + 1) / options.warmup) * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * share)))
        for own in optimizer.param_groups:
            own["lr"] = rate * own["pace"]
        writes = step % 6 == 5 and step > options.warmup
        loss, bare, right, counted, understood = compute_loss(model, make_batch(corpus, balance, rng, options, writes), options.guidance)
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        if world > 1:
            share_gradients(model, world)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        if not writes:
            losses.append(bare)
            rights.append(right)
        if rank == 0 and time.time() - told > 20:
            print(f"{step} {(time.time() - started) / 60:.1f} min loss {np.mean(losses):.3f} right {np.mean(rights):.3f} rate {rate:.5f}" + f" counted {counted:.3f} understood {understood:.3f}" + (f" writing {bare:.3f}" if writes else ""), flush=True)
            losses, rights, told = [], [], time.time()
        if rank == 0 and time.time() - last > options.every:
            save(model, optimizer, step, checkpoint)
            report(model, corpus, options, step)
            last = time.time()
    if rank == 0:
        save(model, optimizer, step, checkpoint)
        report(model, corpus, options, step)


def report(model, corpus, options, step):
    mean, neither, scores = validate(model, corpus, options)
    folder = Path(options.folder)
    kept = json.loads((folder / "best.json").read_text())["score"] if (folder / "best.json").exists() else 0
    score = 0.75 * mean + 0.25 * neither
    if score > kept:
        (folder / "best.json").write_text(json.dumps({"score": score, "step": step}))
        (folder / "best.pt").write_bytes((folder / "checkpoint.pt").read_bytes())
    low = sorted(scores.items(), key=lambda own: own[1])
    print(f"CHECK {step} held-out {mean:.3f} neither {neither:.3f} high {low[-6:]} low {low[:6]}", flush=True)
    (Path(options.folder) / "validation.json").write_text(json.dumps(scores, indent=1))


def save(model, optimizer, step, path):
    draft = path.with_suffix(".draft")
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "size": model.size.as_dict()}, draft)
    draft.replace(path)


def read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--port", type=int, default=29517)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--checks", type=int, default=60)
    parser.add_argument("--every", type=float, default=180)
    parser.add_argument("--rate", type=float, default=2.5e-3)
    parser.add_argument("--rare", type=float, default=0.35)
    parser.add_argument("--guidance", type=float, default=1.0)
    parser.add_argument("--warmup", type=int, default=60)
    parser.add_argument("--vocabulary", type=int, default=3072)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--heads", type=int, default=6)
    parser.add_argument("--inner", type=int, default=512)
    options = parser.parse_args()
    options.part = "train"
    return options


if __name__ == "__main__":
    options = read_options()
    if not (Path(options.folder) / "merges.json").exists():
        learn_vocabulary(Path(options.folder), options.vocabulary)
    if options.processes > 1:
        processes.spawn(run, (options,), nprocs=options.processes)
    else:
        run(0, options)
