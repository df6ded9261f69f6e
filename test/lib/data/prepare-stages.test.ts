import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Config } from "../../../lib/config/types.ts";
import { prepareStages } from "../../../lib/data/prepare-stages.ts";
import type { PreparedData } from "../../../lib/data/types.ts";
import { loadNative } from "../../../lib/native/load.ts";
import { configFor, directoryWith, errorOf, targetsOf } from "./support.ts";

const native = loadNative();

const LINES = Array.from({ length: 40 }, (_, i) =>
  JSON.stringify({ text: `the ${i}th document of the documents that there are of them` }),
);

function run(sizes: readonly (number | null)[], tokenizer: Partial<Config["tokenizer"]> = {}) {
  const directory = directoryWith({ "a.jsonl": LINES.join("\n") });
  const config = configFor(
    directory,
    { sources: [{ path: "a.jsonl" }], validation: { fraction: 0.2 }, cache_dir: "cache" },
    { type: "bpe", vocab_size: 275, ...tokenizer },
  );
  const [only] = config.stages;
  config.stages = sizes.map((vocab_size) => ({ ...only!, vocab_size }));
  return { config, cache: join(directory, "cache") };
}

describe("the data of stages with vocabularies of their own", () => {
  it("are tokenized once for each vocabulary", async () => {
    const { config, cache } = run([262, 262, 268, null, 275]);
    const stages = await prepareStages(config, { native });
    expect(stages.map(({ tokenizer }) => tokenizer.vocab_size)).toEqual([262, 262, 268, 275, 275]);
    expect(stages[1]).toBe(stages[0]);
    expect(stages[4]).toBe(stages[3]);
    expect(readdirSync(cache).filter((name) => !name.startsWith("."))).toHaveLength(3);
    const again = await prepareStages(config, { native });
    expect(again.map(({ fingerprint }) => fingerprint)).toEqual(
      stages.map(({ fingerprint }) => fingerprint),
    );
    expect(readdirSync(cache).filter((name) => !name.startsWith("."))).toHaveLength(3);
  });

  it("hold out the same documents", async () => {
    const [small, large] = await prepareStages(run([262, null]).config, { native });
    expect(small!.train_documents).toBe(large!.train_documents);
    expect(small!.validation_tokens).toBeGreaterThan(large!.validation_tokens);
    expect(small!.bytes_per_token).toBeLessThan(large!.bytes_per_token);
    const bytes = [small!, large!].map(({ validation_tokens, bytes_per_token }) =>
      Math.round(validation_tokens * bytes_per_token),
    );
    expect(bytes[0]! / bytes[1]!).toBeCloseTo(1, 1);
  });

  it("are read on in the next stage, so that both together are an epoch", async () => {
    const { config } = run([262, null]);
    for (const stage of config.stages) stage.seq_length = 16;
    const [small, large] = await prepareStages(config, { native });
    const inputs = ({ train_tokens, train_documents }: PreparedData) =>
      train_tokens - train_documents;
    const stream = small!.stream();
    stream.next(20, 16);
    large!.takeOver(stream);
    let rest = 0;
    while (stream.epochs()[0] === 0) rest += targetsOf(stream.next(1, 16)).length;
    expect((20 * 16) / inputs(small!) + rest / inputs(large!)).toBeCloseTo(1, 1);
  });

  it("are refused where a tokenizer file has fewer tokens", async () => {
    const { config } = run([262, null]);
    const [, whole] = await prepareStages(config, { native });
    const path = join(directoryWith({ "t.json": whole!.tokenizer.toJson()! }), "t.json");
    const file = { type: "file", vocab_size: null, path } as const;
    const error = await errorOf(() => prepareStages(run([400], file).config, { native }));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain("stages.0.vocab_size 400 is above the 275 tokens of");
    const [small] = await prepareStages(run([262], file).config, { native });
    expect(small!.tokenizer.vocab_size).toBe(262);
  });
});
