import { existsSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { Command } from "commander";
import { FlmError, ioError } from "../../errors.ts";
import { makeDirectory } from "../../make-directory.ts";
import { packagePath } from "../../package-path.ts";
import { shellWord } from "../../format.ts";

export function initCommand(): Command {
  return new Command("init")
    .description("write a commented starter config for your own text")
    .argument("[dir]", "where to put config.yaml", ".")
    .option("--json", "print one result object on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  npx flm-train init my-model\n  cp my-texts/*.txt my-model/data\n  cd my-model && npx flm-train config.yaml",
    )
    .action(run);
}

function run(dir: string, options: { json?: boolean }): void {
  const directory = resolve(dir);
  const path = join(directory, "config.yaml");
  if (existsSync(path))
    throw new FlmError("USAGE", `${path} is already there`, {
      hint: "name another directory, or edit the file that is there",
    });
  const data = join(directory, "data");
  try {
    makeDirectory(data);
    writeFileSync(path, starter(packagePath("docs", directory)), { flag: "wx" });
  } catch (cause) {
    throw ioError("write", path, cause, "name another directory");
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ status: "done", config: path })}\n`);
  else process.stderr.write(nextSteps(relative(process.cwd(), directory)));
}

/** Paths in a config count from the working directory: the run is started where the config lies. */
function nextSteps(directory: string): string {
  const enter = directory === "" ? "" : `cd ${shellWord(directory)} && `;
  return (
    `wrote ${join(directory, "config.yaml")}; put text into ${join(directory, "data")}, then run\n` +
    `  ${enter}npx flm-train config.yaml\n`
  );
}

/** Trains two minutes on two cores. Editors that know YAML's language server complete and check the keys. */
const starter = (docs: string) => `# yaml-language-server: $schema=${docs}/config.schema.json
# A model that grows twice while it learns your text. Every key: ${docs}/config.md
name: my-model
seed: 1

model:
  family: llama          # RMSNorm, SwiGLU, RoPE; flm and gpt2 are the others
  seq_length: 256

tokenizer:
  type: bpe              # trained on your text; bytes needs no training
  vocab_size: 2048

data:
  sources:
    - path: data/**/*.txt   # files, directories or globs; .jsonl and .gz work too
  validation: { fraction: 0.02 }

optimizer: { lr: 2e-3, min_lr: 5e-5 }
schedule: { type: wsd, decay_fraction: 0.2 }

# Each stage starts from the one before: wider and deeper, with the same function at first.
# These tokens suit two megabytes of text. Together they may be four times what \`flm-train tokenize\` counts;
# beyond that the model learns the text by heart.
stages:
  - { name: small,  num_layers: 2, hidden_size: 128, num_attention_heads: 2, tokens: 1M, global_batch_size: 16, warmup_steps: 20 }
  - { name: medium, num_layers: 4, hidden_size: 192, num_attention_heads: 3, tokens: 700k }
  - { name: large,  num_layers: 6, hidden_size: 256, num_attention_heads: 4, tokens: 400k }

growth: { depth: stack, width: mask, ramp_steps: 30 }
checkpoint: { interval_steps: 200, keep: 3 }
eval: { interval_steps: 100, sample_prompt: "The ", sample_tokens: 80 }
`;
