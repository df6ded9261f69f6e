// flm-train's side of export_hf.py: imports the Hugging Face model in MODEL, exports it again, and a second time with
// muP multipliers, which have to end up in the weights. Writes what our engine computes for both to OUT/ours.json.
//   node scripts/verify/hf-ours.mjs MODEL OUT
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { resolveConfig } from "../../dist/config/resolve.js";
import { stringifyConfig } from "../../dist/config/stringify.js";
import { createModelEngine, findModel } from "../../dist/eval/open-model.js";
import { scoreContinuations } from "../../dist/eval/score-continuations.js";
import { exportModel } from "../../dist/export/export-model.js";
import { importModel } from "../../dist/export/import-model.js";
import { NO_RAMP } from "../../dist/growth/ramp.js";

const CONTEXTS = ["The model", "g", "A tall tree grows slowly; ein Baum wächst."];
const GREEDY_TOKENS = 24;

const [model, out] = process.argv.slice(2);
const run = join(out, "run");
await importModel(model, { out: run });

/** f32 on the CPU, with these multipliers or none. */
function configure(mup) {
  const path = join(run, "config.yaml");
  const config = parse(readFileSync(path, "utf8"));
  const changed = { ...config, device: "cpu", precision: "f32" };
  changed.model.mup = mup;
  writeFileSync(path, stringifyConfig(resolveConfig(changed), "verify"));
  return config.stages[0].hidden_size;
}

/** Log-probabilities of every token behind each context, and the likeliest continuation. */
async function compute() {
  const found = await findModel(run);
  const engine = await createModelEngine(found, 4);
  const { seq_length, vocab_size } = found.plan.shape;
  const scoring = {
    engine,
    files: [],
    micro_batch_size: 4,
    seq_length,
    vocab_size,
    ramp: NO_RAMP,
  };
  const results = [];
  for (const context of CONTEXTS) {
    const prompt = await found.tokenizer.encode(context);
    const sequences = Array.from({ length: vocab_size }, (_, id) => ({
      prompt,
      continuation: Int32Array.of(id),
    }));
    const [{ tokens }] = await engine.generate({
      lanes: 1,
      rows: [{ lane: 0, prompt, seed: 0 }],
      max_tokens: GREEDY_TOKENS,
      temperature: 0,
      top_k: 0,
      top_p: 1,
      repetition_penalty: 1,
      stop_tokens: new Int32Array(),
      vocab_size,
    });
    results.push({
      context,
      prompt: [...prompt],
      log_probabilities: await scoreContinuations(scoring, sequences),
      greedy: [...tokens],
    });
  }
  await engine.close();
  return results;
}

const hidden = configure(null);
const plain = await compute();
await exportModel(run, { format: "hf", out: join(out, "plain") });
configure({ base_hidden_size: hidden / 2, input_mult: 3, output_mult: 5 });
const scaled = await compute();
await exportModel(run, { format: "hf", out: join(out, "scaled") });
writeFileSync(join(out, "ours.json"), JSON.stringify({ plain, scaled }));
