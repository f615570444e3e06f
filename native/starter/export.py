"""
Writes a checkpoint as GGUF: the judge, and the weights with mean pooling as the embedder. In half precision: beside the
large weights that the model begins with (wiring.py), eight bits for a block of 32 would lose the small ones it learns.

python3 export.py FOLDER TARGET [CHECKPOINT]

CHECKPOINT: one whose weights the embedder gets instead. Training is for votes; how near the wordings of a principle lie is
best after some hundred steps and gets worse then.
"""

import hashlib
import json
import struct
import sys
from pathlib import Path

import numpy as np
import torch

from vocabulary import SPECIAL, Vocabulary
from wiring import phrase_place

ALIGNMENT = 32
UINT32, FLOAT32, BOOL, STRING, ARRAY, INT32 = 4, 6, 7, 8, 9, 5
F32, F16 = 0, 1
MEAN_POOLING = 1
TEMPLATE = "{% for message in messages %}{{ '<|' ~ loop.index ~ '|>' ~ message['content'] }}{% endfor %}{% if add_generation_prompt %}{{ '<|answer|>' }}{% endif %}"


def pack_text(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def pack_value(kind, value):
    if kind == STRING:
        return pack_text(value)
    return struct.pack({UINT32: "<I", FLOAT32: "<f", BOOL: "<?", INT32: "<i"}[kind], value)


def pack_entry(key, kind, value):
    if isinstance(value, list):
        items = b"".join(pack_value(kind, item) for item in value)
        return pack_text(key) + struct.pack("<IIQ", ARRAY, kind, len(value)) + items
    return pack_text(key) + struct.pack("<I", kind) + pack_value(kind, value)


def list_tensors(weights, layers):
    names = {
        "attention_norm": "attn_norm",
        "query": "attn_q",
        "key": "attn_k",
        "value": "attn_v",
        "output": "attn_output",
        "norm": "ffn_norm",
        "gate": "ffn_gate",
        "up": "ffn_up",
        "down": "ffn_down",
    }
    yield "token_embd.weight", weights["embedding.weight"]
    yield "output_norm.weight", weights["norm.weight"]
    for layer in range(layers):
        for ours, theirs in names.items():
            yield f"blk.{layer}.{theirs}.weight", weights[f"layers.{layer}.{ours}.weight"]


def hear(size):
    """The embedder's last norm: what the words of a principle say of trait and side, and nothing else."""
    weights = np.zeros(size["width"], np.float32)
    start = phrase_place(size["traits"])
    weights[start : start + size["traits"]] = 1
    weights[start + size["traits"]] = 0.5
    return weights


def describe(size, vocabulary, name, pooling):
    head = size["width"] // size["heads"]
    kinds = [3 if token in SPECIAL else 1 for token in vocabulary.tokens]
    entries = [
        ("general.architecture", STRING, "llama"),
        ("general.name", STRING, name),
        ("general.license", STRING, "apache-2.0"),
        ("general.file_type", UINT32, 1),
        ("assay.starter", STRING, "embedder" if pooling else "judge"),
        ("llama.context_length", UINT32, size["context"]),
        ("llama.embedding_length", UINT32, size["width"]),
        ("llama.block_count", UINT32, size["layers"]),
        ("llama.feed_forward_length", UINT32, size["inner"]),
        ("llama.attention.head_count", UINT32, size["heads"]),
        ("llama.attention.head_count_kv", UINT32, size["heads"]),
        ("llama.attention.layer_norm_rms_epsilon", FLOAT32, size["epsilon"]),
        ("llama.rope.dimension_count", UINT32, head),
        ("llama.rope.freq_base", FLOAT32, size["base"]),
        ("llama.vocab_size", UINT32, len(vocabulary)),
        ("tokenizer.ggml.model", STRING, "gpt2"),
        ("tokenizer.ggml.pre", STRING, "gpt-2"),
        ("tokenizer.ggml.tokens", STRING, vocabulary.tokens),
        ("tokenizer.ggml.token_type", INT32, kinds),
        ("tokenizer.ggml.merges", STRING, [" ".join(pair) for pair in vocabulary.merges]),
        ("tokenizer.ggml.bos_token_id", UINT32, vocabulary.ids["<s>"]),
        ("tokenizer.ggml.eos_token_id", UINT32, vocabulary.ids["</s>"]),
        ("tokenizer.ggml.add_bos_token", BOOL, True),
        ("tokenizer.ggml.add_eos_token", BOOL, False),
        ("tokenizer.chat_template", STRING, TEMPLATE),
    ]
    return entries + ([("llama.pooling_type", UINT32, MEAN_POOLING)] if pooling else [])


def write(path, entries, tensors):
    infos, data, offset = b"", [], 0
    for name, values in tensors:
        shape = tuple(reversed(values.shape))
        is_matrix = len(shape) == 2
        packed = values.astype(np.float16 if is_matrix else np.float32).tobytes()
        infos += pack_text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
        infos += struct.pack("<IQ", F16 if is_matrix else F32, offset)
        packed += b"\0" * (-len(packed) % ALIGNMENT)
        data.append(packed)
        offset += len(packed)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(data), len(entries))
    head += b"".join(pack_entry(*entry) for entry in entries) + infos
    head += b"\0" * (-len(head) % ALIGNMENT)
    whole = head + b"".join(data)
    path.write_bytes(whole)
    digest = hashlib.sha256(whole).hexdigest()
    print(path.name, len(whole), "bytes, sha256", digest)
    return len(whole), digest


def tell_facts(size, vocabulary, tensors, written, kind):
    """What the product knows of the file without reading it; a test compares it with what llama.cpp's reader says."""
    length, digest = written
    name, title, capabilities = kind
    return {
        "name": name,
        "hash": digest,
        "facts": {
            "bytes": length,
            "name": title,
            "architecture": "llama",
            "quantisation": "F16",
            "parameters": sum(values.size for _, values in tensors),
            "trainContextSize": size["context"],
            "embeddingSize": size["width"],
            "layers": size["layers"],
            "vocabularySize": len(vocabulary),
            "license": "apache-2.0",
            "chatTemplate": TEMPLATE,
            "capabilities": capabilities,
            "contextBytes": None,
        },
    }


def read_tensors(checkpoint):
    saved = torch.load(checkpoint, map_location="cpu")
    weights = {name: own.float().numpy() for name, own in saved["model"].items()}
    return saved, list(list_tensors(weights, saved["size"]["layers"]))


def export(folder, target, of_embedder=None):
    best = folder / ("best.pt" if (folder / "best.pt").exists() else "checkpoint.pt")
    saved, tensors = read_tensors(best)
    _, earlier = read_tensors(of_embedder or best)
    vocabulary = Vocabulary.load(folder / "merges.json")
    target.mkdir(parents=True, exist_ok=True)
    listed = []
    for name, title, capabilities in (
        ("starter", "Assay starter model", ["decide", "generate"]),
        ("starter-embedder", "Assay starter embedder", ["embed"]),
    ):
        file = f"assay-{name}.F16.gguf"
        own = tensors if name == "starter" else [*earlier[:1], ("output_norm.weight", hear(saved["size"])), *earlier[2:]]
        written = write(target / file, describe(saved["size"], vocabulary, title, name != "starter"), own)
        listed.append({"file": file, **tell_facts(saved["size"], vocabulary, tensors, written, (name, title, capabilities))})
    (target / "starter.json").write_text(json.dumps({"models": listed}, indent=2) + "\n")
    print(json.dumps({"step": saved["step"], **saved["size"]}))


if __name__ == "__main__":
    export(*map(Path, sys.argv[1:]))
