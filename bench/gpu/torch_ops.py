"""The products and the attention of a model's layers in PyTorch, as a contender: a request is the name of one.

The job, in the last argument: { shape, device }. Names and meaning are those of flm_op_bench.
"""

import json
import sys
import time

import torch
from torch.nn import functional as F


def products(shape):
    """(out, in) of each matrix."""
    hidden, ffn, size = shape["hidden_size"], shape["ffn_hidden_size"], shape["head_size"]
    query, key_value = shape["num_attention_heads"] * size, shape["num_kv_heads"] * size
    return {
        "qkv": (query + 2 * key_value, hidden),
        "attention out": (hidden, query),
        "ffn in": (2 * ffn if shape["family"] == "llama" else ffn, hidden),
        "ffn out": (hidden, ffn),
        "head": (shape["vocab_size"], hidden),
    }


class Ops:
    def __init__(self, shape, device):
        self.shape, self.device = shape, device
        self.tokens = shape["batch_size"] * shape["seq_length"]

    def random(self, *size):
        return torch.randn(*size, device=self.device, dtype=torch.bfloat16)

    def action(self, name):
        if name in ("attention_fwd", "attention_bwd"):
            return self.attention(name)
        matrix, _, direction = name.partition(": ")
        out, inner = products(self.shape)[matrix]
        rows = min(self.tokens, 8192) if matrix == "head" else self.tokens
        weights, x, dy = self.random(out, inner), self.random(rows, inner), self.random(rows, out)
        if direction == "dx":
            return lambda: dy @ weights
        if direction == "dW":
            return lambda: dy.T @ x
        return lambda: F.linear(x, weights)

    def attention(self, name):
        s = self.shape
        heads = {"q": s["num_attention_heads"], "k": s["num_kv_heads"], "v": s["num_kv_heads"]}
        q, k, v = (
            self.random(s["batch_size"], s["seq_length"], count, s["head_size"]).transpose(1, 2).requires_grad_()
            for count in heads.values()
        )
        grouped = heads["q"] != heads["k"]
        forward = lambda: F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=grouped)
        if name == "attention_fwd":
            return torch.no_grad()(forward)
        out = forward()
        dout = torch.randn_like(out)
        return lambda: torch.autograd.grad(out, (q, k, v), dout, retain_graph=True)

    def time(self, name):
        action, repeats = self.action(name), 20 if self.device == "cuda" else 1
        synchronize = torch.cuda.synchronize if self.device == "cuda" else lambda: None
        for _ in range(3):
            action()
        synchronize()
        start = time.perf_counter()
        for _ in range(repeats):
            action()
        synchronize()
        return {"ms": 1000 * (time.perf_counter() - start) / repeats}


def say(answer):
    print(json.dumps(answer), flush=True)


def main():
    job = json.loads(sys.argv[-1])
    ops = Ops(job["shape"], job["device"])
    say({"torch": torch.__version__})
    for line in sys.stdin:
        try:
            say(ops.time(line.strip()))
        except Exception as error:
            say({"error": f"{type(error).__name__}: {error}"})


main()
