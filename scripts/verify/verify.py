"""Compares what our engine computed with PyTorch, family by family. Run by run.sh, which says how."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from torch.nn import functional as F

from batches import NO_TARGET, batch_of_pieces, single_row
from checkpoint import read_checkpoint
from decoder import Decoder

HERE = Path(__file__).resolve().parent
FAMILIES = ("flm", "llama", "gpt2")

# Relative. The f32 side is compared with PyTorch in double, so that only our own rounding counts.
LOSS_LIMIT = 1e-5
LOGIT_LIMIT = 1e-5
GRADIENT_LIMIT = 1e-4
BF16_LIMIT = 1e-2
# A tensor's error is measured against its own gradient, but no smaller a one than this share of the whole: a key bias
# without rotation has the gradient 0 in exact arithmetic.
GRADIENT_FLOOR = 1e-4


class Report:
    """Prints one line a comparison and counts."""

    def __init__(self):
        self.passed = self.failed = 0

    def compare(self, family, what, error, limit, note=""):
        holds = error <= limit  # False for NaN too
        self.passed += holds
        self.failed += not holds
        verdict = "ok" if holds else "FAILED"
        print(f"{family:6} {what:50} {error:8.1e}  limit {limit:.0e}  {verdict}{note}", flush=True)


class Reference:
    """PyTorch's model at our initial checkpoint, with AdamW as our parameter table asks for it."""

    def __init__(self, ours, dtype, autocast=False):
        self.spec, self.stream, self.autocast = ours["spec"], ours["tokens"], autocast
        self.model = Decoder(self.spec["shape"]).to(dtype)
        masters = read_checkpoint(ours["inspected"]["initial"], "master")
        self.model.load_state_dict({name: values.to(dtype) for name, values in masters.items()}, strict=True)
        parameters = dict(self.model.named_parameters())
        groups = [
            {
                "params": [parameters[entry["name"]]],
                "lr": ours["lr"] * entry["lr_mult"],
                "weight_decay": entry["weight_decay"],
            }
            for entry in self.spec["parameters"]
        ]
        betas = (self.spec["adam_beta1"], self.spec["adam_beta2"])
        self.optimizer = torch.optim.AdamW(groups, betas=betas, eps=self.spec["adam_eps"])

    def batch(self, pieces):
        rows = 1 + max(pieces[::5])
        return batch_of_pieces(self.stream, pieces, rows, self.spec["shape"]["seq_length"])

    def token_losses(self, batch):
        logits = self.model(batch).flatten(0, 1)
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        return F.cross_entropy(logits, batch.targets.flatten(), ignore_index=NO_TARGET, reduction="none")

    def gradients(self, batch):
        self.optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            loss = self.token_losses(batch).sum() / (batch.targets != NO_TARGET).sum()
        loss.backward()
        return loss.item()

    def train(self, batches):
        """One optimizer step a batch; the losses before each, and the norms of all gradients before clipping."""
        losses, norms = [], []
        for pieces in batches:
            losses.append(self.gradients(self.batch(pieces)))
            norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.spec["clip_grad"])
            norms.append(norm.item())
            self.optimizer.step()
        return losses, norms


def relative(ours, reference):
    """Largest difference over the largest value."""
    ours, reference = torch.as_tensor(ours).double(), torch.as_tensor(reference).double()
    return ((ours - reference).abs().max() / reference.abs().max()).item()


def stepwise(ours, reference):
    """Largest relative difference of two runs, and the step where it is."""
    errors = [abs(a - b) / abs(b) for a, b in zip(ours, reference, strict=True)]
    worst = max(range(len(errors)), key=lambda i: errors[i])
    return errors[worst], worst + 1


def compare_inspected(family, ours, report):
    """The initial model: losses of a batch, whole next-token distributions, gradients."""
    reference, inspected = Reference(ours, torch.float64), ours["inspected"]
    batch = reference.batch(ours["batches"][0])
    with torch.no_grad():
        error = relative(inspected["token_losses"], reference.token_losses(batch))
        report.compare(family, "f32 loss of each token of a batch", error, LOSS_LIMIT)
        error = max(
            relative(-torch.tensor(losses), reference.model(single_row(context))[0, -1].log_softmax(-1))
            for context, losses in zip(ours["contexts"], inspected["next_token_losses"], strict=True)
        )
        count = f"{len(ours['contexts'])} contexts x {ours['spec']['shape']['vocab_size']} tokens"
        report.compare(family, f"f32 log-probabilities, {count}", error, LOGIT_LIMIT)

    reference.gradients(batch)
    moments = read_checkpoint(inspected["after_one_step"], "exp_avg")
    expected = {name: parameter.grad for name, parameter in reference.model.named_parameters()}
    total = torch.stack([gradient.norm() for gradient in expected.values()]).norm()
    errors = {}
    for name, gradient in expected.items():
        got = moments[name].double() / (1 - ours["spec"]["adam_beta1"])
        errors[name] = ((got - gradient).norm() / torch.maximum(gradient.norm(), GRADIENT_FLOOR * total)).item()
    worst = max(errors, key=errors.get)
    report.compare(
        family, f"f32 gradients of {len(errors)} tensors", errors[worst], GRADIENT_LIMIT, f", worst {worst}"
    )


def compare_runs(family, ours, report):
    """Losses of whole runs: in f32, and in bf16."""
    exact, exact_norms = Reference(ours, torch.float64).train(ours["batches"])
    count = len(ours["f32"]["losses"])
    error, at = stepwise(ours["f32"]["losses"], exact[:count])
    report.compare(family, f"f32 losses of {count} AdamW steps", error, LOSS_LIMIT, f", worst at step {at}")
    error, at = stepwise(ours["f32"]["grad_norms"], exact_norms[:count])
    report.compare(family, f"f32 gradient norms of {count} steps", error, GRADIENT_LIMIT, f", worst at step {at}")

    # PyTorch's usual mixed precision: f32 weights, products in bf16. Its residual stream is f32, ours is bf16.
    mixed, _ = Reference(ours, torch.float32, autocast=True).train(ours["batches"])
    got = ours["bf16"]["losses"]
    error, at = stepwise(got, mixed)
    distances = f"ours {stepwise(got, exact)[0]:.1e}, PyTorch's {stepwise(mixed, exact)[0]:.1e}"
    note = f", worst at step {at}; from double precision: {distances}"
    report.compare(family, f"bf16 losses of {len(got)} steps, against autocast", error, BF16_LIMIT, note)
    ends = f"ours {got[-1]:.4f}, autocast {mixed[-1]:.4f}, double {exact[-1]:.4f}"
    print(f"{family:6} loss {exact[0]:.4f} at the start, after {len(got)} steps in bf16: {ends}")


def main(families):
    unknown = [name for name in families if name not in FAMILIES]
    if unknown:
        print(f"verify: no family {', '.join(unknown)}; there are {', '.join(FAMILIES)}", file=sys.stderr)
        return 64
    torch.set_num_threads(1)  # the models are too small for more
    report = Report()
    for family in families or FAMILIES:
        with tempfile.TemporaryDirectory(prefix="flm-verify-") as folder:
            finished = subprocess.run(["node", HERE / "ours.mjs", family, folder], check=False)
            if finished.returncode != 0:
                print(f"{family:6} ours.mjs ended with exit code {finished.returncode}  FAILED")
                report.failed += 1
                continue
            ours = json.loads((Path(folder) / "ours.json").read_text())
            compare_inspected(family, ours, report)
            compare_runs(family, ours, report)
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
