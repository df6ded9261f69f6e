"""PyTorch's training step as a contender: answers every line on standard input with a line of JSON.

The job, in the last argument: { shape, optimizer, norm_eps, init_std, precision, compile } and either threads or
device: "cuda".
"""

import json
import resource
import sys
import time

import torch

from torch_model import Decoder


class Trainer:
    def __init__(self, job):
        self.shape, self.clip = job["shape"], job["optimizer"]["clip_grad"]
        self.is_bf16 = job["precision"] == "bf16"
        self.device = job.get("device", "cpu")
        if "threads" in job:
            torch.set_num_threads(job["threads"])
        torch.manual_seed(1)
        with torch.device(self.device):
            self.model = Decoder(self.shape, job["norm_eps"], job["init_std"])
        self.forward = torch.compile(self.model) if job["compile"] else self.model
        matrices = [p for p in self.model.parameters() if p.dim() > 1]
        vectors = [p for p in self.model.parameters() if p.dim() == 1]
        optimizer = job["optimizer"]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": optimizer["weight_decay"]},
                {"params": vectors, "weight_decay": 0.0},
            ],
            lr=optimizer["lr"],
            betas=(optimizer["adam_beta1"], optimizer["adam_beta2"]),
            eps=optimizer["adam_eps"],
            fused=True,
        )

    def step(self):
        rows, length = self.shape["batch_size"], self.shape["seq_length"]
        tokens = torch.randint(self.shape["vocab_size"], (rows, length + 1), device=self.device)
        start, cpu = time.perf_counter(), time.process_time()
        with torch.autocast(self.device, torch.bfloat16, enabled=self.is_bf16):
            loss = self.forward(tokens[:, :-1], tokens[:, 1:])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        value = loss.item()
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
        return {"ms": 1000 * seconds, "cpu_ms": 1000 * cpu_seconds, "loss": value}

    def memory(self):
        return {"peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def say(answer):
    print(json.dumps(answer), flush=True)


def main():
    trainer = Trainer(json.loads(sys.argv[-1]))
    say({"parameters": sum(p.numel() for p in trainer.model.parameters()), "torch": torch.__version__})
    handlers = {"step": trainer.step, "memory": trainer.memory}
    for line in sys.stdin:
        try:
            say(handlers[line.strip()]())
        except Exception as error:  # torch.compile fails in many ways; the other contenders go on
            say({"error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"})


main()
