import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openHfDirectory } from "../../../../lib/export/import/hf-directory.ts";
import { writeSafetensors } from "../../../../lib/export/safetensors-writer.ts";
import { zeros } from "../../../../lib/export/streamed-tensor.ts";
import { failure } from "../../failure.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

function directory(files: Record<string, unknown>): string {
  const path = temporaryDirectory();
  for (const [name, content] of Object.entries(files))
    writeFileSync(
      join(path, name),
      typeof content === "string" ? content : JSON.stringify(content),
    );
  return path;
}

it("reads the shards that an index names", async () => {
  const index = { weight_map: { a: "model-1.safetensors", b: "model-2.safetensors" } };
  const path = directory({ "config.json": {}, "model.safetensors.index.json": index });
  await writeSafetensors(path, [zeros("a", 3), zeros("b", 5)], {
    type: "bf16",
    shard_bytes: 1,
    fileName: (shard) => `model-${shard}.safetensors`,
  });
  const { weights, tokenizer } = openHfDirectory(path);
  expect(weights.sizeOf("a")).toMatchObject({ rows: 1, cols: 3 });
  expect([...weights.read("b", 0, 1)]).toEqual([0, 0, 0, 0, 0]);
  expect(weights.sizeOf("c")).toBeUndefined();
  expect(tokenizer).toBeNull();
});

const INDEX = "model.safetensors.index.json";

it.each([
  ["no config.json", {}, "CHECKPOINT_NOT_FOUND", /has no config\.json/],
  ["no weights", { "config.json": {} }, "CHECKPOINT_NOT_FOUND", /neither model\.safetensors nor/],
  [
    "quantized weights",
    { "config.json": { quantization_config: { quant_method: "gptq" } } },
    "NOT_SUPPORTED",
    /quantized weights: quant_method is gptq/,
  ],
  ["pickles", { "config.json": {}, "pytorch_model.bin": "x" }, "NOT_SUPPORTED", /can run code/],
  ["a damaged config", { "config.json": "[1]", [INDEX]: {} }, "CHECKPOINT_INVALID", /not a JSON/],
  [
    "an index that leads elsewhere",
    { "config.json": {}, [INDEX]: { weight_map: { a: "../../secret.safetensors" } } },
    "CHECKPOINT_INVALID",
    /a is in "\.\.\/\.\.\/secret\.safetensors"/,
  ],
  [
    "an index of other files",
    { "config.json": {}, [INDEX]: { weight_map: { a: 1 } } },
    "CHECKPOINT_INVALID",
    /a is in 1/,
  ],
  [
    "an index whose file is missing",
    { "config.json": {}, [INDEX]: { weight_map: { a: "m.safetensors" } } },
    "CHECKPOINT_INVALID",
    /names m\.safetensors, which is missing/,
  ],
  ["an empty index", { "config.json": {}, [INDEX]: {} }, "CHECKPOINT_INVALID", /no weight_map/],
])("refuses %s", (_, files, code, message) => {
  const error = failure(() => openHfDirectory(directory(files)));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(error.hint).toBeDefined();
});
