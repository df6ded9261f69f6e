"""The decoder in plain PyTorch, written from the equations and not from our kernels.

Parameter names are those of our checkpoints, so that load_state_dict(strict=True) checks names and shapes.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

XPOS_GAMMA = 0.4  # spec: xPos as FLM-101B's released code has it
XPOS_SCALE_BASE = 512


class Norm(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.eps = shape["norm_eps"]
        self.gain = nn.Parameter(torch.ones(shape["hidden_size"]))
        self.bias = nn.Parameter(torch.zeros(shape["hidden_size"])) if shape["norm"] == "layer_norm" else None

    def forward(self, x):
        if self.bias is not None:
            return F.layer_norm(x, self.gain.shape, self.gain, self.bias, self.eps)
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.gain


def rotary_factors(shape, dtype):
    """cos, sin and xPos's zeta, each (seq_length, head_size / 2). Pairs are component i and i + head_size / 2."""
    width, length = shape["head_size"], shape["seq_length"]
    pair = torch.arange(width // 2, dtype=torch.float64)
    n = torch.arange(length, dtype=torch.float64)
    angle = n[:, None] * shape["rope_theta"] ** (-2 * pair / width)
    if shape["rope_divisors"]:
        angle = angle / torch.tensor(shape["rope_divisors"], dtype=torch.float64)
    zeta = torch.ones_like(angle)
    if shape["position"] == "xpos":
        base = (2 * pair + XPOS_GAMMA * width) / ((1 + XPOS_GAMMA) * width)
        zeta = base ** ((n[:, None] + math.floor(-length / 2)) / XPOS_SCALE_BASE)
    return [factor.to(dtype) for factor in (angle.cos(), angle.sin(), zeta)]


def rotate(x, cos, sin):
    first, second = x.chunk(2, -1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), -1)


class Attention(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        hidden, head = shape["hidden_size"], shape["head_size"]
        query, key_value = shape["num_attention_heads"] * head, shape["num_kv_heads"] * head
        self.q = nn.Linear(hidden, query, shape["bias"])
        self.k = nn.Linear(hidden, key_value, shape["bias"])
        self.v = nn.Linear(hidden, key_value, shape["bias"])
        self.out = nn.Linear(query, hidden, shape["bias"])

    def forward(self, x, batch):
        def heads(y):
            return y.unflatten(-1, (-1, self.shape["head_size"])).transpose(1, 2)

        q, k, v = heads(self.q(x)), heads(self.k(x)), heads(self.v(x))
        if self.shape["position"] != "learned":
            cos, sin, zeta = (f[batch.positions][:, None] for f in rotary_factors(self.shape, torch.float64))
            growing = torch.cat((zeta, zeta), -1)
            q = (rotate(q.double(), cos, sin) * growing).to(v.dtype)
            k = (rotate(k.double(), cos, sin) / growing).to(v.dtype)
        group = self.shape["num_attention_heads"] // self.shape["num_kv_heads"]
        k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        scores = (q @ k.transpose(-1, -2)) * self.shape["attention_scale"]
        scores = scores.masked_fill(~batch.visible[:, None], -math.inf)
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


class Ffn(nn.Module):
    def __init__(self, shape):
        super().__init__()
        hidden, width = shape["hidden_size"], shape["ffn_hidden_size"]
        self.gate = nn.Linear(hidden, width, shape["bias"]) if shape["activation"] == "swiglu" else None
        self.up = nn.Linear(hidden, width, shape["bias"])
        self.down = nn.Linear(width, hidden, shape["bias"])

    def forward(self, x):
        if self.gate is not None:
            return self.down(F.silu(self.gate(x)) * self.up(x))
        return self.down(F.gelu(self.up(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.norm1, self.norm2 = Norm(shape), Norm(shape)
        self.attention, self.ffn = Attention(shape), Ffn(shape)

    def forward(self, x, batch):
        x = x + self.attention(self.norm1(x), batch)
        return x + self.ffn(self.norm2(x))


class Decoder(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        table = (shape["vocab_size"], shape["hidden_size"])
        self.embedding = nn.Embedding(*table)
        learned = shape["position"] == "learned"
        self.position = nn.Embedding(shape["seq_length"], shape["hidden_size"]) if learned else None
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape["num_layers"]))
        self.final_norm = Norm(shape)
        self.head = None if shape["tie_embeddings"] else nn.Linear(table[1], table[0], bias=False)

    def forward(self, batch):
        """Logits (rows, seq_length, vocab_size)."""
        x = self.embedding(batch.tokens) * self.shape["input_mult"]
        if self.position is not None:
            x = x + self.position(batch.positions)
        for layer in self.layers:
            x = layer(x, batch)
        head = self.embedding if self.head is None else self.head
        return F.linear(self.final_norm(x), head.weight) * self.shape["logit_mult"]
