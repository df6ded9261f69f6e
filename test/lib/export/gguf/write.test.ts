import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ByteTokenizer } from "../../../../lib/data/tokenizer/byte-tokenizer.ts";
import type { UserConfig } from "../../../../lib/config/types.ts";
import type { GgufType } from "../../../../lib/export/gguf/quantize.ts";
import { writeGguf } from "../../../../lib/export/gguf/write.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { LLAMA_STAGE, planOf, sourceOf, weightsOf } from "../weights.ts";
import { type Gguf, readGguf } from "./reader.ts";

const plan = planOf({ family: "llama", vocab_size: 260, norm_eps: 1e-6 }, LLAMA_STAGE);
const weights = weightsOf(plan);

async function written(
  type: GgufType,
  chat?: { chat_template: string },
  scaled = plan,
): Promise<Gguf> {
  const path = join(temporaryDirectory(), "model.gguf");
  await writeGguf(path, scaled, sourceOf(weights), new ByteTokenizer(), {
    type,
    name: "tiny",
    ...chat,
  });
  return readGguf(readFileSync(path));
}

describe("a GGUF file", () => {
  it("has the template of a model that chats", async () => {
    const { fields } = await written("f16", { chat_template: "{{ x }}" });
    expect(fields["tokenizer.chat_template"]).toBe("{{ x }}");
  });

  it("says what the model is", async () => {
    const { version, fields } = await written("f16");
    expect(version).toBe(3);
    const { "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type": types, ...rest } = fields;
    expect(rest).toEqual({
      "general.architecture": "llama",
      "general.name": "tiny",
      "general.file_type": 1,
      "general.quantization_version": 2,
      "general.alignment": 32,
      "llama.vocab_size": 260,
      "llama.context_length": 16,
      "llama.embedding_length": 8,
      "llama.block_count": 2,
      "llama.feed_forward_length": 12,
      "llama.attention.head_count": 2,
      "llama.attention.head_count_kv": 1,
      "llama.attention.key_length": 4,
      "llama.attention.value_length": 4,
      "llama.attention.layer_norm_rms_epsilon": Math.fround(1e-6),
      "llama.rope.dimension_count": 4,
      "llama.rope.freq_base": 10_000,
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.pre": "gpt-2",
      "tokenizer.ggml.merges": [],
      "tokenizer.ggml.bos_token_id": 256,
      "tokenizer.ggml.eos_token_id": 256,
      "tokenizer.ggml.add_bos_token": false,
      "tokenizer.ggml.add_eos_token": false,
    });
    const [texts, kinds] = [tokens as string[], types as number[]];
    expect(texts).toHaveLength(260);
    expect([texts[65], texts[32], texts[256], texts[257]]).toEqual([
      "A",
      "Ġ",
      "<|endoftext|>",
      "[unused 257]",
    ]);
    expect([kinds[65], kinds[256], kinds[257]]).toEqual([1, 3, 5]);
  });

  it("names linear scaling of RoPE in its header, and has a tensor for that of Llama 3", async () => {
    const scaledBy = (rope_scaling: NonNullable<UserConfig["model"]>["rope_scaling"]) =>
      written(
        "bf16",
        undefined,
        planOf({ family: "llama", vocab_size: 260, rope_scaling }, LLAMA_STAGE),
      );
    const names = ({ tensors }: Gguf) => tensors.map(({ name }) => name);
    const linear = await scaledBy({ type: "linear", factor: 4 });
    expect(linear.fields).toMatchObject({
      "llama.rope.scaling.type": "linear",
      "llama.rope.scaling.factor": 4,
    });
    expect(names(linear)).not.toContain("rope_freqs.weight");
    const llama3 = await scaledBy({
      type: "llama3",
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 50,
    });
    expect(Object.keys(llama3.fields).filter((key) => key.includes("scaling"))).toEqual([]);
    const freqs = llama3.tensors.find(({ name }) => name === "rope_freqs.weight");
    // f32, whatever the matrices are: pairs that turn 8 and 0.08 times.
    expect(freqs).toMatchObject({ sizes: [2], type: 0 });
    expect([...llama3.values("rope_freqs.weight")]).toEqual([1, 8]);
    expect(names(llama3).filter((name) => name !== "rope_freqs.weight")).toEqual(names(linear));
  });

  it("lists sizes from the fastest axis on and aligns every tensor", async () => {
    const { tensors, dataStart } = await written("f32");
    expect(tensors[0]).toMatchObject({ name: "token_embd.weight", sizes: [8, 260], type: 0 });
    expect(dataStart % 32).toBe(0);
    for (const { offset } of tensors) expect(offset % 32).toBe(0);
    expect(tensors.map(({ name }) => name)).toContain("blk.1.ffn_gate.weight");
    expect(tensors.at(-1)!.name).toBe("output.weight");
  });

  it("holds queries and keys with neighbours that turn together", async () => {
    const file = await written("f32");
    const ours = weights.get("layers.1.attention.q.weight")!.values;
    const row = (index: number) => ours.slice(8 * index, 8 * index + 8);
    const expected = [0, 2, 1, 3, 4, 6, 5, 7].flatMap(row);
    expect([...file.values("blk.1.attn_q.weight")]).toEqual(expected.map(Math.fround));
    const value = weights.get("layers.1.attention.v.weight")!.values;
    expect([...file.values("blk.1.attn_v.weight")]).toEqual(value.map(Math.fround));
  });

  it.each([
    ["f16", 1],
    ["bf16", 30],
  ] as const)("in %s keeps vectors in f32", async (type, id) => {
    const { tensors } = await written(type);
    for (const { sizes, type: stored } of tensors) expect(stored).toBe(sizes.length === 1 ? 0 : id);
  });

  it("in q8_0 keeps rows in f32 that are no whole blocks of 32", async () => {
    const { tensors, fields } = await written("q8_0");
    expect(fields["general.file_type"]).toBe(7);
    expect(new Set(tensors.map(({ type }) => type))).toEqual(new Set([0]));
  });
});
