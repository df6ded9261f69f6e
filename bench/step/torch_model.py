"""The decoder as PyTorch users write it for speed: fused projections, scaled_dot_product_attention."""

import torch
from torch import nn
from torch.nn import functional as F


def rotate(x, cos, sin):
    first, second = x.chunk(2, -1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), -1).to(x.dtype)


class Block(nn.Module):
    def __init__(self, shape, norm_eps):
        super().__init__()
        hidden, width = shape["hidden_size"], shape["ffn_hidden_size"]
        self.heads = shape["num_attention_heads"]
        self.gated = shape["family"] == "llama"
        bias = not self.gated
        norm = nn.RMSNorm if self.gated else nn.LayerNorm
        self.norm1, self.norm2 = norm(hidden, eps=norm_eps), norm(hidden, eps=norm_eps)
        self.qkv = nn.Linear(hidden, 3 * hidden, bias)
        self.out = nn.Linear(hidden, hidden, bias)
        self.ffn_in = nn.Linear(hidden, 2 * width if self.gated else width, bias)
        self.ffn_out = nn.Linear(width, hidden, bias)

    def forward(self, x, rotary):
        q, k, v = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, -1)
        )
        if rotary is not None:
            q, k = rotate(q, *rotary), rotate(k, *rotary)
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(attended.transpose(1, 2).flatten(2))
        inner = self.ffn_in(self.norm2(x))
        if self.gated:
            gate, up = inner.chunk(2, -1)
            return x + self.ffn_out(F.silu(gate) * up)
        return x + self.ffn_out(F.gelu(inner, approximate="tanh"))


class Decoder(nn.Module):
    """forward(tokens, targets), both (rows, seq_length), gives the mean loss in nats."""

    def __init__(self, shape, norm_eps, init_std):
        super().__init__()
        hidden, length = shape["hidden_size"], shape["seq_length"]
        llama = shape["family"] == "llama"
        self.embedding = nn.Embedding(shape["vocab_size"], hidden)
        self.position = None if llama else nn.Embedding(length, hidden)
        self.blocks = nn.ModuleList(Block(shape, norm_eps) for _ in range(shape["num_layers"]))
        self.final_norm = (nn.RMSNorm if llama else nn.LayerNorm)(hidden, eps=norm_eps)
        self.head = nn.Linear(hidden, shape["vocab_size"], bias=False)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=init_std)
        if not llama:
            self.head.weight = self.embedding.weight
        width = hidden // shape["num_attention_heads"]
        angle = torch.arange(length)[:, None] * 10_000.0 ** (-torch.arange(0, width, 2) / width)
        self.register_buffer("cos", angle.cos())
        self.register_buffer("sin", angle.sin())

    def forward(self, tokens, targets):
        x = self.embedding(tokens)
        rotary = None
        if self.position is None:
            rotary = (self.cos, self.sin)
        else:
            x = x + self.position(torch.arange(tokens.shape[1], device=tokens.device))
        for block in self.blocks:
            x = block(x, rotary)
        logits = self.head(self.final_norm(x)).float()
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())
