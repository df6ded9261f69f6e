"""Compares import and export with Hugging Face transformers: random models are imported, computed and exported again.

    python3 scripts/verify/export_hf.py [llama | tied | qwen2 | mistral | llama3 | linear | narrow | gpt2 ...]      all cases by default

Needs the built addon and dist/ (npm run build). The last line is exactly "N passed, N failed"; the exit code is 1 when
something failed. Without PyTorch or transformers nothing is compared, which it says, and the exit code is 0.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers import GPT2Config, LlamaConfig, MistralConfig, Qwen2Config
except ImportError as error:
    print(f"verify: skipped, {sys.executable}: {error}")
    sys.exit(0)

HERE = Path(__file__).resolve().parent
LOGIT_LIMIT = 1e-5  # absolute, of log-probabilities in f32

# Bytes, the token that ends a text, and rows that no token has.
SIZES = {"vocab_size": 270, "bos_token_id": 256, "eos_token_id": 256}
SHAPE = {
    **SIZES,
    "hidden_size": 48,
    "intermediate_size": 88,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 80,
}
# Heads that do not divide the width.
NARROW = {"num_attention_heads": 5, "num_key_value_heads": 1, "head_dim": 12}
# Of the texts' positions, up to 68, most are beyond the context that the scaling starts from.
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 24,
}
CASES = {
    "llama": lambda: LlamaConfig(**SHAPE, rms_norm_eps=1e-4, rope_theta=5e3),
    "tied": lambda: LlamaConfig(**SHAPE, head_dim=16, tie_word_embeddings=True, attention_bias=True, mlp_bias=True),
    "qwen2": lambda: Qwen2Config(**SHAPE, use_sliding_window=False, sliding_window=None),
    "mistral": lambda: MistralConfig(**SHAPE, sliding_window=None),
    "llama3": lambda: LlamaConfig(**SHAPE, rope_theta=500.0, rope_scaling=LLAMA3),
    "linear": lambda: LlamaConfig(**SHAPE, rope_scaling={"type": "linear", "factor": 4.0}),
    "narrow": lambda: MistralConfig(**(SHAPE | NARROW), sliding_window=None, rope_scaling=LLAMA3),
    "gpt2": lambda: GPT2Config(**SIZES, n_embd=48, n_layer=2, n_head=3, n_positions=80, n_inner=100),
}


class Report:
    """Prints one line a comparison and counts."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, case, what, holds, note=""):
        self.passed += bool(holds)
        self.failed += not holds
        print(f"{case:8} {what:52} {note:24} {'ok' if holds else 'FAILED'}", flush=True)


def random_model(config):
    """Weights far from their usual start, so that whatever is left out or misplaced shows."""
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    generator = torch.Generator().manual_seed(1)
    for name, parameter in model.named_parameters():
        centre = 1.0 if parameter.dim() == 1 and name.endswith("weight") else 0.0
        parameter.data = centre + 0.15 * torch.randn(parameter.shape, generator=generator)
    return model


@torch.no_grad()
def compare_logits(report, case, what, model, ours):
    worst = 0.0
    texts = 0
    for result in ours:
        prompt = torch.tensor([result["prompt"]])
        reference = model(prompt).logits[0, -1].double().log_softmax(-1)
        difference = torch.tensor(result["log_probabilities"]).double() - reference
        worst = max(worst, difference.abs().max().item())
        count = len(result["greedy"])
        written = model.generate(prompt, max_new_tokens=count, do_sample=False, eos_token_id=None, pad_token_id=0)
        texts += written[0, prompt.shape[1] :].tolist() == result["greedy"]
    report.check(case, f"{what}: log-probabilities", worst <= LOGIT_LIMIT, f"{worst:.1e}, limit {LOGIT_LIMIT:.0e}")
    report.check(case, f"{what}: greedy tokens", texts == len(ours), f"{texts} of {len(ours)} texts")


def verify(report, case, folder):
    model = random_model(CASES[case]())
    model.save_pretrained(folder / "model", max_shard_size="60KB")
    finished = subprocess.run(["node", HERE / "hf-ours.mjs", folder / "model", folder], check=False)
    if finished.returncode != 0:
        report.check(case, f"hf-ours.mjs ended with exit code {finished.returncode}", False)
        return
    ours = json.loads((folder / "ours.json").read_text())
    compare_logits(report, case, "imported", model, ours["plain"])

    exported = AutoModelForCausalLM.from_pretrained(folder / "plain", dtype=torch.float32)
    before, after = model.state_dict(), exported.state_dict()
    # Biases that only one side has are zeros.
    same = all(torch.equal(values, after[name]) for name, values in before.items())
    zero = all(not values.any() for name, values in after.items() if name not in before)
    report.check(case, "imported and exported: weights are identical", same and zero, f"{len(after)} tensors")

    scaled = AutoModelForCausalLM.from_pretrained(folder / "scaled", dtype=torch.float32).eval()
    compare_logits(report, case, "exported with muP multipliers", scaled, ours["scaled"])
    tokenizer = AutoTokenizer.from_pretrained(folder / "scaled")
    same = all(tokenizer.encode(result["context"]) == result["prompt"] for result in ours["scaled"])
    report.check(case, "token ids of the exported tokenizer", same)


def main(cases):
    unknown = [name for name in cases if name not in CASES]
    if unknown:
        print(f"verify: no case {', '.join(unknown)}; there are {', '.join(CASES)}", file=sys.stderr)
        return 64
    torch.set_num_threads(1)  # the models are too small for more
    report = Report()
    for case in cases or CASES:
        with tempfile.TemporaryDirectory(prefix="flm-verify-") as folder:
            verify(report, case, Path(folder))
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
