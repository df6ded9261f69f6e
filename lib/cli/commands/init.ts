import { existsSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { Command } from "commander";
import { FlmError, ioError } from "../../errors.ts";
import { makeDirectory } from "../../make-directory.ts";

export function initCommand(): Command {
  return new Command("init")
    .description("write a commented starter config for your own text")
    .argument("[dir]", "where to put config.yaml", ".")
    .option("--json", "print one result object on stdout")
    .addHelpText("after", "\nExample:\n  flm-train init my-model && flm-train my-model/config.yaml")
    .action(run);
}

function run(dir: string, options: { json?: boolean }): void {
  const path = join(resolve(dir), "config.yaml");
  if (existsSync(path))
    throw new FlmError("USAGE", `${path} is already there`, {
      hint: "choose another directory, or edit the file that is there",
    });
  try {
    makeDirectory(resolve(dir));
    writeFileSync(path, STARTER, { flag: "wx" });
  } catch (cause) {
    throw ioError("write", path, cause);
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ status: "done", config: path })}\n`);
  else {
    const shown = relative(process.cwd(), path) || path;
    process.stderr.write(
      `wrote ${shown}: set data.sources to your text, then run\n  flm-train ${shown}\n`,
    );
  }
}

/** Trains about ten minutes on two cores; every key is in docs/config.md. */
const STARTER = `# A model that grows twice while it learns your text. Every key: docs/config.md
name: my-model
seed: 1

model:
  family: llama          # RMSNorm, SwiGLU, RoPE; flm and gpt2 are the others
  seq_length: 256

tokenizer:
  type: bpe              # trained on your text; bytes needs no training
  vocab_size: 4096

data:
  sources:
    - path: data/**/*.txt   # files, directories or globs; .jsonl and .gz work too
  validation: { fraction: 0.02 }

optimizer: { lr: 1e-3, min_lr: 5e-5 }
schedule: { type: wsd, decay_fraction: 0.2 }

# Each stage starts from the one before: wider and deeper, with the same function at first.
stages:
  - { name: small,  num_layers: 2, hidden_size: 128, num_attention_heads: 2, tokens: 3M, global_batch_size: 16, warmup_steps: 50 }
  - { name: medium, num_layers: 4, hidden_size: 192, num_attention_heads: 3, tokens: 2M }
  - { name: large,  num_layers: 6, hidden_size: 256, num_attention_heads: 4, tokens: 2M }

growth: { depth: stack, width: mask, ramp_steps: 50 }
checkpoint: { interval_steps: 200, keep: 3 }
eval: { interval_steps: 200, sample_prompt: "The ", sample_tokens: 80 }
`;
