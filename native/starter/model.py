"""A small Llama: RMSNorm, rotary positions over neighbouring dimensions, SwiGLU, embeddings tied to the output."""

from dataclasses import asdict, dataclass

import torch
from torch import nn


@dataclass
class Size:
    vocabulary: int = 4096
    width: int = 192
    layers: int = 4
    heads: int = 6
    inner: int = 512
    context: int = 1024
    base: float = 1_000_000.0
    epsilon: float = 1e-5
    traits: int = 53

    def as_dict(self):
        return asdict(self)


class Norm(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight


def turn(x, cos, sin):
    """Rotates neighbouring dimensions; x is [batch, tokens, heads, width of a head]."""
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = cos.unsqueeze(2), sin.unsqueeze(2)
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


class Layer(nn.Module):
    def __init__(self, size):
        super().__init__()
        width, inner = size.width, size.inner
        self.heads = size.heads
        self.attention_norm = Norm(width, size.epsilon)
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.norm = Norm(width, size.epsilon)
        self.gate = nn.Linear(width, inner, bias=False)
        self.up = nn.Linear(width, inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)

    def project(self, x, cos, sin):
        batch, tokens, width = x.shape
        x = self.attention_norm(x)
        shape = (batch, tokens, self.heads, width // self.heads)
        query = turn(self.query(x).view(shape), cos, sin)
        key = turn(self.key(x).view(shape), cos, sin)
        return query, key, self.value(x).view(shape)

    def feed(self, x):
        own = self.norm(x)
        return x + self.down(nn.functional.silu(self.gate(own)) * self.up(own))


class Starter(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size
        self.embedding = nn.Embedding(size.vocabulary, size.width)
        self.layers = nn.ModuleList(Layer(size) for _ in range(size.layers))
        self.norm = Norm(size.width, size.epsilon)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.04)
        nn.init.normal_(self.embedding.weight, std=0.04)
        for layer in self.layers:
            for last in (layer.output, layer.down):
                nn.init.normal_(last.weight, std=0.04 / (2 * size.layers) ** 0.5)

    def angles(self, positions):
        width = self.size.width // self.size.heads
        turns = self.size.base ** (-torch.arange(0, width, 2).float() / width)
        angle = positions.float().unsqueeze(-1) * turns
        return angle.cos(), angle.sin()

    def forward(self, texts, lengths, questions, seconds=None):
        """
        Hidden states of `questions` [batch, questions, tokens], each after the same `texts` [batch, tokens] of which
        `lengths` are real, seeing those and itself only. With `seconds`, the place of the mark between the two texts,
        also the states before the last layer: of the marks that end the two texts, and of the questions.
        """
        batch, width = texts.shape
        count, length = questions.shape[1:]
        heads = self.size.heads
        scale = (self.size.width // heads) ** -0.5
        place = torch.arange(width)
        is_real = place[None, :] < lengths[:, None]
        causal = (place[None, :] <= place[:, None])[None] & is_real[:, None, :]
        text_mask = torch.zeros(causal.shape).masked_fill(~causal, -1e9)[:, None]
        own_place = torch.arange(length)
        own_mask = torch.zeros(length, length).masked_fill(own_place[None, :] > own_place[:, None], -1e9)
        seen_mask = torch.zeros(is_real.shape).masked_fill(~is_real, -1e9)[:, None, None, :]
        text_angles = self.angles(place[None].expand(batch, -1))
        positions = (lengths[:, None, None] + own_place[None, None]).expand(batch, count, length)
        angles = self.angles(positions.reshape(batch, -1))
        x, y = self.embedding(texts), self.embedding(questions.reshape(batch, -1))
        marks = None
        for depth, layer in enumerate(self.layers):
            query, key, value = layer.project(x, *text_angles)
            asked, own_key, own_value = layer.project(y, *angles)
            key, value = key.transpose(1, 2), value.transpose(1, 2)
            weights = torch.softmax(query.transpose(1, 2) @ key.transpose(2, 3) * scale + text_mask, -1)
            x = x + layer.output((weights @ value).transpose(1, 2).reshape(batch, width, -1))
            x = layer.feed(x)
            asked = asked.transpose(1, 2)
            far = asked @ key.transpose(2, 3) * scale + seen_mask
            blocks = (batch, heads, count, length, -1)
            own_key = own_key.transpose(1, 2).reshape(blocks)
            own_value = own_value.transpose(1, 2).reshape(blocks)
            near = asked.reshape(blocks) @ own_key.transpose(3, 4) * scale + own_mask
            both = torch.softmax(torch.cat((far, near.flatten(2, 3)), -1), -1)
            seen = both[..., :width] @ value
            seen = seen + (both[..., width:].reshape(batch, heads, count, length, length) @ own_value).flatten(2, 3)
            y = y + layer.output(seen.transpose(1, 2).reshape(batch, count * length, -1))
            y = layer.feed(y)
            if seconds is not None and depth == self.size.layers - 2:
                own = y.view(batch, count, length, -1)
                marks = torch.stack((x[torch.arange(batch), seconds], own[:, 0, 0]), 1), own
        return self.norm(y).view(batch, count, length, -1), marks
