// Prepares a corpus and kills itself half-way through the tokenizing: arguments are the directory, `data` as JSON, and
// the bytes of a shard.
import { prepareData } from "../../../../lib/data/prepare.ts";
import { resolveConfig } from "../../../../lib/config/index.ts";
import { loadNative } from "../../../../lib/native/load.ts";

const [directory, data, shard_bytes] = process.argv.slice(2);
const config = resolveConfig(
  {
    name: "killed",
    data: { ...JSON.parse(data!), cache_dir: "cache" },
    tokenizer: { type: "bpe", vocab_size: 300 },
    objective: { type: "freelm" },
    stages: [{ num_layers: 1, hidden_size: 64, num_attention_heads: 1, tokens: 1e6 }],
  },
  { cwd: directory! },
);
await prepareData(config, {
  native: loadNative(),
  shard_bytes: Number(shard_bytes),
  report_bytes: 1,
  onProgress: ({ phase, done }) => {
    if (phase === "tokenizing" && done > 3500) process.kill(process.pid, "SIGKILL");
  },
});
