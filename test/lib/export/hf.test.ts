import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ByteTokenizer } from "../../../lib/data/tokenizer/byte-tokenizer.ts";
import { gpt2Model } from "../../../lib/export/hf/gpt2.ts";
import { llamaModel } from "../../../lib/export/hf/llama.ts";
import { writeHf, writeTokenizer } from "../../../lib/export/hf/write.ts";
import { importGpt2 } from "../../../lib/export/import/gpt2.ts";
import { HfConfig } from "../../../lib/export/import/hf-config.ts";
import { importLlama } from "../../../lib/export/import/llama.ts";
import { failure } from "../failure.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { collect, GPT2_STAGE, LLAMA_STAGE, planOf, sourceOf, weightsOf } from "./weights.ts";

/** More heads than the width has room for. */
const NARROW = { num_attention_heads: 3, num_kv_heads: 1 };

const LLAMA3 = {
  type: "llama3",
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 12,
} as const;

const configOf = (fields: Record<string, unknown>) => new HfConfig(fields, "config.json");

describe("what is exported imports as it was", () => {
  it.each([
    ["llama", { family: "llama" }],
    ["llama with biases and a shared head", { family: "llama", bias: true, tie_embeddings: true }],
    ["llama with linear scaling", { family: "llama", rope_scaling: { type: "linear", factor: 4 } }],
    ["llama with llama3 scaling", { family: "llama", rope_theta: 500, rope_scaling: LLAMA3 }],
    ["llama with wide heads", { family: "llama", head_size: 6, rope_theta: 500, norm_eps: 1e-6 }],
  ] as const)("%s", (_, model) => {
    const plan = planOf(model, LLAMA_STAGE);
    const weights = weightsOf(plan);
    const exported = llamaModel(plan, sourceOf(weights));
    const imported = importLlama(configOf(exported.config), sourceOf(collect(exported.tensors)));
    expect(collect(imported.tensors)).toEqual(weights);
    expect(planOf(imported.model, { ...imported.stage, tokens: 1000 }).shape).toEqual(plan.shape);
  });

  it("llama whose heads do not divide the width, as a Mistral without a window", () => {
    const plan = planOf(
      { family: "llama", head_size: 4, seq_length: 5000 },
      { ...LLAMA_STAGE, ...NARROW },
    );
    const weights = weightsOf(plan);
    const { config, tensors } = llamaModel(plan, sourceOf(weights));
    expect(config).toMatchObject({ model_type: "mistral", head_dim: 4, sliding_window: null });
    const imported = importLlama(configOf(config), sourceOf(collect(tensors)));
    expect(collect(imported.tensors)).toEqual(weights);
    expect(planOf(imported.model, { ...imported.stage, tokens: 6000 }).shape).toEqual(plan.shape);
  });

  it.each([
    ["gpt2", { family: "gpt2" }],
    ["gpt2 with a head of its own", { family: "gpt2", tie_embeddings: false }],
  ] as const)("%s", (_, model) => {
    const plan = planOf(model, GPT2_STAGE);
    const weights = weightsOf(plan);
    const exported = gpt2Model(plan, sourceOf(weights));
    const imported = importGpt2(configOf(exported.config), sourceOf(collect(exported.tensors)));
    expect(collect(imported.tensors)).toEqual(weights);
    expect(planOf(imported.model, { ...imported.stage, tokens: 1000 }).shape).toEqual(plan.shape);
  });
});

it("a tokenizer pads with the token that ends a text, and has a template where the model chats", () => {
  const written = (use: { chat_template?: string }) => {
    const directory = temporaryDirectory();
    writeTokenizer(directory, new ByteTokenizer(), { seq_length: 16, ...use });
    return JSON.parse(readFileSync(join(directory, "tokenizer_config.json"), "utf8")) as object;
  };
  const plain = written({});
  expect(plain).toMatchObject({ eos_token: "<|endoftext|>", pad_token: "<|endoftext|>" });
  expect(plain).not.toHaveProperty("chat_template");
  expect(written({ chat_template: "{{ x }}" })).toEqual({ ...plain, chat_template: "{{ x }}" });
});

it("config.json has a version, without which transformers takes any large tokenizer for an old Mistral's", async () => {
  const directory = temporaryDirectory();
  const plan = planOf({ family: "llama" }, LLAMA_STAGE);
  const model = llamaModel(plan, sourceOf(weightsOf(plan)));
  await writeHf(directory, model, new ByteTokenizer(), { type: "bf16", seq_length: 16 });
  const config = JSON.parse(readFileSync(join(directory, "config.json"), "utf8")) as object;
  expect(config).toMatchObject({ transformers_version: "5.0.0", torch_dtype: "bfloat16" });
});

it("further tokens that end what the model writes stand where generate() of transformers looks for them", async () => {
  const plan = planOf({ family: "llama" }, LLAMA_STAGE);
  const endsWith = async (stop_tokens: number[]) => {
    const directory = temporaryDirectory();
    const options = { type: "f32", seq_length: 16, stop_tokens } as const;
    const model = llamaModel(plan, sourceOf(weightsOf(plan)));
    await writeHf(directory, model, new ByteTokenizer(), options);
    return ["config.json", "generation_config.json"].map((name) => {
      const json = readFileSync(join(directory, name), "utf8");
      return (JSON.parse(json) as { eos_token_id: unknown }).eos_token_id;
    });
  };
  expect(await endsWith([])).toEqual([256, 256]);
  expect(await endsWith([10, 65])).toEqual([
    [256, 10, 65],
    [256, 10, 65],
  ]);
});

it("GPT-2's matrices are [in, out], with queries, keys and values side by side", () => {
  const plan = planOf({ family: "gpt2" }, GPT2_STAGE);
  const weights = weightsOf(plan);
  const exported = collect(gpt2Model(plan, sourceOf(weights)).tensors);
  const { rows, values } = exported.get("transformer.h.1.attn.c_attn.weight")!;
  expect([rows, values.length]).toEqual([8, 8 * 24]);
  const ours = (name: string, row: number, column: number) =>
    weights.get(`layers.1.attention.${name}.weight`)!.values[row * 8 + column];
  expect(values[3 * 24 + 2]).toBe(ours("q", 2, 3));
  expect(values[5 * 24 + 8 + 7]).toBe(ours("k", 7, 5));
  expect(values[16 + 1]).toBe(ours("v", 1, 0));
});

it("a model without biases gives GPT-2 zeros", () => {
  const plan = planOf({ family: "gpt2", bias: false }, GPT2_STAGE);
  const exported = collect(gpt2Model(plan, sourceOf(weightsOf(plan))).tensors);
  expect(exported.get("transformer.h.0.attn.c_attn.bias")!.values).toEqual(Array(24).fill(0));
});

describe("muP's multipliers end up in the weights", () => {
  const mup = { base_hidden_size: 4, input_mult: 3, output_mult: 8 };

  it.each([
    // Logits are multiplied by 8 · 4 / 8 = 4; a shared head has been multiplied by 3.
    ["of its own", false, 4],
    ["shared", true, 4 / 3],
  ])("with a head %s", (_, tie_embeddings, onNorm) => {
    const plan = planOf({ family: "llama", mup, tie_embeddings }, LLAMA_STAGE);
    const weights = weightsOf(plan);
    const exported = collect(llamaModel(plan, sourceOf(weights)).tensors);
    const factor = (theirs: string, ours: string) =>
      exported.get(theirs)!.values[5]! / weights.get(ours)!.values[5]!;
    expect(factor("model.embed_tokens.weight", "embedding.weight")).toBeCloseTo(3, 6);
    expect(factor("model.norm.weight", "final_norm.gain")).toBeCloseTo(onNorm, 6);
    expect(exported.has("lm_head.weight")).toBe(!tie_embeddings);
    if (!tie_embeddings) expect(factor("lm_head.weight", "head.weight")).toBe(1);
  });
});

describe("a model that the other program cannot express is refused by name:", () => {
  it.each([
    [{ family: "llama", norm: "layer_norm" }, /model\.norm layer_norm.*rms_norm/],
    [{ family: "llama", activation: "gelu" }, /model\.activation gelu.*swiglu/],
    [{ family: "llama", position_embedding: "xpos" }, /position_embedding xpos.*rope/],
  ] as const)("llama %j", (model, message) => {
    const plan = planOf(model, LLAMA_STAGE);
    const error = failure(() => llamaModel(plan, sourceOf(weightsOf(plan))));
    expect(error).toMatchObject({ code: "NOT_SUPPORTED", hint: expect.stringMatching(/plain/) });
    expect(error.message).toMatch(message);
  });

  it("llama with biases whose heads do not divide the width", () => {
    const model = { family: "llama", head_size: 4, bias: true } as const;
    const plan = planOf(model, { ...LLAMA_STAGE, ...NARROW });
    expect(failure(() => llamaModel(plan, sourceOf(weightsOf(plan))))).toMatchObject({
      code: "NOT_SUPPORTED",
      message: expect.stringMatching(/3 heads of 4 in hidden_size 8.*divides/),
      hint: expect.stringMatching(/plain/),
    });
  });

  it("gpt2 with grouped queries, or with heads that do not fill the width", () => {
    const grouped = planOf({ family: "gpt2" }, LLAMA_STAGE);
    expect(failure(() => gpt2Model(grouped, sourceOf(weightsOf(grouped)))).message).toMatch(
      /num_kv_heads 1.*2/,
    );
    const wide = planOf({ family: "gpt2", head_size: 8 }, GPT2_STAGE);
    expect(failure(() => gpt2Model(wide, sourceOf(weightsOf(wide)))).message).toMatch(
      /2 heads of 8 in hidden_size 8/,
    );
  });
});

/** transformers gives it a window of 4096 where the file says nothing of one. */
const LONG_MISTRAL = { model_type: "mistral", max_position_embeddings: 5000 };

describe("a config.json that our models cannot compute is refused by field:", () => {
  const plan = planOf({ family: "llama" }, LLAMA_STAGE);
  const exported = llamaModel(plan, sourceOf(weightsOf(plan)));
  const source = sourceOf(collect(exported.tensors));
  const importing = (changes: Record<string, unknown>) =>
    failure(() => importLlama(configOf({ ...exported.config, ...changes }), source));

  it.each([
    [{ hidden_act: "gelu" }, /hidden_act is "gelu"/],
    [{ sliding_window: 8 }, /sliding_window 8 is shorter than a sequence of 16/],
    [LONG_MISTRAL, /sliding_window 4096 is shorter than a sequence of 5000/],
    [
      { rope_scaling: { rope_type: "yarn", factor: 8 } },
      /rope_scaling: rope_type is "yarn"; our models compute "default" or "linear" or "llama3" alone/,
    ],
    [{ rope_scaling: { type: "dynamic", factor: 2 } }, /rope_scaling: type is "dynamic"/],
    [{ rope_parameters: { rope_type: "longrope" } }, /rope_parameters: rope_type is "longrope"/],
    [{ rope_scaling: { rope_type: "linear", type: "llama3", factor: 2 } }, /type is "llama3"/],
    [{ rope_parameters: { partial_rotary_factor: 0.5 } }, /partial_rotary_factor is 0.5/],
    [{ partial_rotary_factor: 0.5 }, /partial_rotary_factor is 0.5/],
  ])("%j", (changes, message) => {
    expect(importing(changes)).toMatchObject({ code: "NOT_SUPPORTED" });
    expect(importing(changes).message).toMatch(message);
  });

  it.each([
    [{ hidden_size: "8" }, /hidden_size is "8"; it must be a whole number/],
    [{ num_hidden_layers: undefined }, /num_hidden_layers is missing/],
    [{ rms_norm_eps: -1 }, /rms_norm_eps is -1; it must be a number above 0/],
    [{ tie_word_embeddings: 1 }, /tie_word_embeddings is 1; it must be true or false/],
    [{ rope_parameters: [] }, /rope_parameters is \[\]; it must be an object/],
    [{ rope_scaling: { type: "linear" } }, /rope_scaling: factor is missing/],
    [{ rope_scaling: { rope_type: "llama3", factor: 8 } }, /low_freq_factor is missing/],
  ])("%j is damaged", (changes, message) => {
    expect(importing(changes)).toMatchObject({ code: "CHECKPOINT_INVALID" });
    expect(importing(changes).message).toMatch(message);
  });

  it("but RoPE that is scaled by 1 is not, and fields lie where transformers looks for them", () => {
    const rotationOf = (changes: Record<string, unknown>) => {
      const { model } = importLlama(configOf({ ...exported.config, ...changes }), source);
      return [model.rope_theta, model.rope_scaling];
    };
    const { type, original_max_position_embeddings: original, ...factors } = LLAMA3;
    const section = { rope_type: type, ...factors };
    expect(rotationOf({ rope_scaling: { type: "linear", factor: 1 } })).toEqual([10_000, null]);
    expect(rotationOf({ rope_scaling: {}, rope_parameters: { rope_theta: 9 } })).toEqual([9, null]);
    expect(
      rotationOf({
        rope_scaling: null,
        rope_parameters: { ...section, rope_theta: 9, original_max_position_embeddings: original },
      }),
    ).toEqual([9, LLAMA3]);
    // Above what is meant for newer files.
    expect(
      rotationOf({ rope_scaling: { type: "linear", factor: 2 }, rope_parameters: { factor: 3 } }),
    ).toEqual([10_000, { type: "linear", factor: 2 }]);
    // The model's own length where none is named, and one beside the section in front of all.
    expect(rotationOf({ rope_scaling: section })[1]).toEqual({
      ...LLAMA3,
      original_max_position_embeddings: 16,
    });
    expect(
      rotationOf({ rope_scaling: section, original_max_position_embeddings: original })[1],
    ).toEqual(LLAMA3);
  });

  it("but a window that holds the sequence, or is not used, is none", () => {
    for (const changes of [
      { sliding_window: 16 },
      { sliding_window: null },
      { sliding_window: 8, use_sliding_window: false },
      { ...LONG_MISTRAL, sliding_window: null },
      { ...LONG_MISTRAL, max_position_embeddings: 4096 },
      { ...LONG_MISTRAL, model_type: "llama" },
      { model_type: "qwen2", sliding_window: 8 },
    ])
      expect(() => importLlama(configOf({ ...exported.config, ...changes }), source)).not.toThrow();
    const config = configOf({ ...exported.config, sliding_window: 8 });
    expect(importLlama(config, source, 8).model.seq_length).toBe(8);
  });

  it("a layer that is not there", () => {
    expect(importing({ num_hidden_layers: 3 }).message).toMatch(/no tensor model\.layers\.2\./);
  });
});

describe("of a head that config.json says is shared", () => {
  const stages = {
    llama: [LLAMA_STAGE, llamaModel, importLlama, "model.embed_tokens.weight"],
    gpt2: [GPT2_STAGE, gpt2Model, importGpt2, "transformer.wte.weight"],
  } as const;
  const families = ["llama", "gpt2"] as const;
  const weightsOfFamily = (family: (typeof families)[number]) =>
    weightsOf(planOf({ family, tie_embeddings: true }, stages[family][0]));

  /** A model whose embedding and head were changed in its files. */
  function imported(
    family: (typeof families)[number],
    change: (files: ReturnType<typeof collect>, embedding: string) => void,
  ) {
    const [stage, model, importModel, embedding] = stages[family];
    const plan = planOf({ family, tie_embeddings: true }, stage);
    const exported = model(plan, sourceOf(weightsOf(plan)));
    const files = collect(exported.tensors);
    change(files, embedding);
    const { tensors, ...rest } = importModel(configOf(exported.config), sourceOf(files));
    return { ...rest, weights: collect(tensors), files };
  }

  it.each(families)("%s: a copy is left out", (family) => {
    const { model, weights, warnings } = imported(family, (files, embedding) =>
      files.set("lm_head.weight", files.get(embedding)!),
    );
    expect([model.tie_embeddings, warnings]).toEqual([true, []]);
    expect(weights).toEqual(weightsOfFamily(family));
  });

  it.each(families)("%s: either of the two may be the one that was saved", (family) => {
    const { model, weights, warnings } = imported(family, (files, embedding) => {
      files.set("lm_head.weight", files.get(embedding)!);
      files.delete(embedding);
    });
    expect([model.tie_embeddings, warnings]).toEqual([true, []]);
    expect(weights).toEqual(weightsOfFamily(family));
  });

  it.each(families)("%s: other values are a head of its own, with a warning", (family) => {
    const { model, weights, warnings, files } = imported(family, (changed, embedding) => {
      const { rows, values } = changed.get(embedding)!;
      const other = values.map((value, i) => (i === values.length - 1 ? value + 1 : value));
      changed.set("lm_head.weight", { rows, values: other });
    });
    expect(model.tie_embeddings).toBe(false);
    expect(weights.get("head.weight")).toEqual(files.get("lm_head.weight"));
    expect(warnings).toEqual([expect.stringMatching(/tie_word_embeddings true, but lm_head/)]);
  });
});

describe("biases that the files hold are taken as transformers takes them:", () => {
  const plan = planOf({ family: "llama", bias: true }, LLAMA_STAGE);
  const exported = llamaModel(plan, sourceOf(weightsOf(plan)));

  /** Names of our matrices of layer 0 whose biases are not all zeros. */
  function biased(changes: Record<string, unknown>): string[] {
    const source = sourceOf(collect(exported.tensors));
    const { tensors } = importLlama(configOf({ ...exported.config, ...changes }), source);
    return [...collect(tensors)]
      .filter(([name, { values }]) => /^layers\.0\..*bias$/.test(name) && values.some(Boolean))
      .map(([name]) => name.slice("layers.0.".length, -".bias".length));
  }

  const qkv = ["attention.q", "attention.k", "attention.v"];
  const attention = [...qkv, "attention.out"];
  const ffn = ["ffn.gate", "ffn.up", "ffn.down"];

  it.each([
    [{}, [...attention, ...ffn]],
    [{ mlp_bias: false }, attention],
    [{ attention_bias: false }, ffn],
    [{ attention_bias: undefined, mlp_bias: undefined }, []],
    [{ model_type: "qwen2" }, qkv],
    [{ model_type: "mistral" }, []],
  ])("%j", (changes, names) => {
    expect(biased(changes)).toEqual(names);
  });
});
