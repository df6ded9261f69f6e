import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { json, succeed } from "./support/cli.ts";
import { expectFailure } from "./support/failures.ts";
import { project, sharedProject } from "./support/project.ts";
import { latest, manifest } from "./support/run-files.ts";

const { directory, run, path } = sharedProject({
  tokenizer: { type: "bpe", vocab_size: 300 },
});
const cwd = { cwd: directory };

beforeAll(async () => {
  await succeed(["config.yaml"], cwd);
  await succeed(["export", run, "--format", "hf", "--out", "exported"], cwd);
});

/** The bytes of every master in a checkpoint. */
function masters(checkpoint: string): Record<string, Buffer> {
  const entries = manifest(checkpoint).tensors.filter(({ kind }) => kind === "master");
  return Object.fromEntries(
    entries.map(({ name, file, offset, rows, cols }) => [
      name,
      readFileSync(join(checkpoint, file)).subarray(offset, offset + 4 * rows * cols),
    ]),
  );
}

const greedy = ["--prompt", "the shells ", "--temperature", "0", "--max-tokens", "12"];
const text = async (of: string) =>
  json(await succeed(["generate", of, ...greedy, "--json"], cwd)).text;

describe("an exported model", () => {
  it("has what transformers looks for", () => {
    expect(readdirSync(path("exported")).sort()).toEqual([
      "config.json",
      "generation_config.json",
      "model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    const config = JSON.parse(readFileSync(path("exported/config.json"), "utf8")) as object;
    expect(config).toMatchObject({ model_type: "llama", hidden_size: 32, torch_dtype: "float32" });
  });

  it("imports with identical weights and writes the same text", async () => {
    const result = json(
      await succeed(["import", "exported", "--out", "runs/imported", "--json"], cwd),
    );
    const imported = path("runs/imported");
    expect(result).toMatchObject({ status: "done", run_dir: imported, family: "llama" });
    expect(masters(latest(imported))).toEqual(masters(latest(run)));
    writeFileSync(
      join(imported, "config.yaml"),
      readFileSync(join(imported, "config.yaml"), "utf8").replace(
        "precision: auto",
        "precision: f32",
      ),
    );
    expect(await text(imported)).toBe(await text(run));
  });

  it("ends its texts where generate() of transformers does, and is exported with that", async () => {
    const generation = path("exported/generation_config.json");
    const before = readFileSync(generation, "utf8");
    const { eos_token_id } = JSON.parse(before) as { eos_token_id: number };
    // Every token does, so that nothing is written.
    const ends = Array.from({ length: eos_token_id + 1 }, (_, i) => eos_token_id - i);
    writeFileSync(generation, JSON.stringify({ eos_token_id: ends }));
    const result = await succeed(["import", "exported", "--out", "runs/ends"], cwd);
    writeFileSync(generation, before);
    expect(result.stderr).not.toContain("ends a text");
    expect(await text(run)).not.toBe("");
    expect(await text(path("runs/ends"))).toBe("");
    await succeed(["export", "runs/ends", "--format", "hf", "--out", "ends"], cwd);
    const again = JSON.parse(readFileSync(path("ends/generation_config.json"), "utf8")) as object;
    expect(again).toMatchObject({ eos_token_id: ends });
  });

  it("in several precisions is as small as they are", async () => {
    const size = async (format: string, dtype: string) => {
      const out = `${format}-${dtype}`;
      const args = ["export", run, "--format", format, "--dtype", dtype, "--out", out, "--json"];
      const { files } = json(await succeed(args, cwd)) as { files: string[] };
      const file = files.find((name) => /safetensors|gguf/.test(name))!;
      return readFileSync(path(join(out, file))).length;
    };
    expect(await size("hf", "bf16")).toBeLessThan(0.6 * (await size("plain", "f32")));
    expect(await size("gguf", "q8_0")).toBeLessThan(0.5 * (await size("gguf", "f32")));
  });

  it("of family flm keeps our names, and says how to compute with them", async () => {
    const flm = project({ model: { family: "flm", seq_length: 32 } });
    await succeed(["config.yaml"], { cwd: flm.directory });
    await succeed(["export", flm.run, "--format", "hf", "--out", "out"], { cwd: flm.directory });
    const model = JSON.parse(readFileSync(flm.path("out/model.json"), "utf8")) as {
      shape: object;
      tensors: Record<string, object>;
    };
    expect(model.shape).toMatchObject({ position_embedding: "xpos", input_mult: 1, logit_mult: 1 });
    expect(model.tensors["layers.1.attention.q.weight"]).toEqual({
      shape: [32, 32],
      file: "weights-1-of-1.safetensors",
    });
  });
});

it("a model that was tuned on conversations has a template for them, others have none", async () => {
  const tuned = project({
    data: { sources: [{ path: "chats.jsonl", type: "conversation" }], validation: { fraction: 0 } },
    objective: { type: "instruct" },
  });
  tuned.write("chats.jsonl", JSON.stringify({ prompt: "Hi", completion: "Hello" }));
  await succeed(["config.yaml"], { cwd: tuned.directory });
  await succeed(["export", tuned.run, "--format", "hf", "--out", "out"], { cwd: tuned.directory });
  const template = (file: string) =>
    (JSON.parse(readFileSync(file, "utf8")) as { chat_template?: string }).chat_template;
  expect(template(tuned.path("out/tokenizer_config.json"))).toContain("'Assistant:\\n'");
  expect(template(path("exported/tokenizer_config.json"))).toBeUndefined();
});

describe("export refuses", () => {
  it("a directory that holds something", async () => {
    await expectFailure(["export", run, "--format", "gguf", "--out", "exported"], cwd, {
      exit: 64,
      code: "USAGE",
      says: [path("exported"), "not empty"],
      remedy: "--out",
    });
  });

  it("q8_0 for transformers", async () => {
    const args = ["export", run, "--format", "hf", "--dtype", "q8_0", "--out", "q"];
    const says = ["hf", "q8_0"];
    await expectFailure(args, cwd, { exit: 64, code: "USAGE", says, remedy: "f32, f16, bf16" });
    expect(existsSync(path("q"))).toBe(false);
  });

  it("a model that the format cannot express, and leaves nothing", async () => {
    const odd = project({ model: { family: "llama", seq_length: 32, norm: "layer_norm" } });
    await succeed(["config.yaml"], { cwd: odd.directory });
    await expectFailure(
      ["export", odd.run, "--format", "gguf", "--out", "out"],
      { cwd: odd.directory },
      { exit: 64, code: "NOT_SUPPORTED", says: ["model.norm", "layer_norm"], remedy: "plain" },
    );
    expect(readdirSync(odd.directory).filter((name) => name.includes("out"))).toEqual([]);
  });
});

describe("import refuses", () => {
  it("what is no model, and leaves nothing", async () => {
    await expectFailure(["import", "runs", "--out", "imported"], cwd, {
      exit: 65,
      code: "CHECKPOINT_NOT_FOUND",
      says: [path("runs"), "config.json"],
      remedy: "save_pretrained",
    });
    expect(existsSync(path("imported"))).toBe(false);
  });

  it("weights that are not those of config.json", async () => {
    const config = path("exported/config.json");
    const text = readFileSync(config, "utf8");
    writeFileSync(config, text.replace('"intermediate_size": ', '"intermediate_size": 1'));
    await expectFailure(["import", "exported", "--out", "imported"], cwd, {
      exit: 65,
      code: "CHECKPOINT_INVALID",
      says: ["layers.0.ffn.gate.weight", "config.json"],
      remedy: "restore the config.json",
    });
    writeFileSync(config, text);
    expect(readdirSync(directory).filter((name) => name.includes("imported"))).toEqual([]);
  });
});
