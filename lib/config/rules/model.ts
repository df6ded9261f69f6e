import type { Rule } from "./rule.ts";

/**
 * Half of it on either side of the middle, xPos's strongest factor is (0.4 / 1.4)^±64 = 10^∓35. f32 ends at 10^±38, and
 * from some 72,000 on products with it are infinite.
 */
const LONGEST_XPOS = 65_536;

const LLAMA3_KEYS = [
  "low_freq_factor",
  "high_freq_factor",
  "original_max_position_embeddings",
] as const;

/** RoPE that is scaled: `llama3` needs keys that `linear` does not have. */
export const ropeScalingRules: Rule = ({ model }, report) => {
  const { rope_scaling: scaling, position_embedding } = model;
  if (scaling === null) return;
  if (position_embedding !== "rope")
    report(
      ["model", "rope_scaling"],
      `is of RoPE alone, and model.position_embedding is ${position_embedding}`,
      "leave it out or use position_embedding: rope",
    );
  const isLlama3 = scaling.type === "llama3";
  for (const key of LLAMA3_KEYS)
    if ((scaling[key] !== null) !== isLlama3)
      report(
        ["model", "rope_scaling", key],
        isLlama3 ? "is missing: type llama3 needs it" : "is of type llama3 alone",
        isLlama3 ? "take it from the model's config.json" : "leave it out or use type: llama3",
      );
  const { low_freq_factor: low, high_freq_factor: high } = scaling;
  if (isLlama3 && low !== null && high !== null && high <= low)
    report(
      ["model", "rope_scaling", "high_freq_factor"],
      `${high} is not above low_freq_factor ${low}`,
      "Llama 3.1 has 4 and 1",
    );
};

/** Shapes that the model can be built in. */
export const modelRules: Rule = ({ model, stages }, report) => {
  const rotary = model.position_embedding !== "learned";
  if (rotary && model.head_size % 2 === 1)
    report(
      ["model", "head_size"],
      `${model.head_size} is odd, but ${model.position_embedding} rotates pairs`,
      "use an even head_size or position_embedding: learned",
    );
  const names = new Map<string, number>();
  for (const [i, stage] of stages.entries()) {
    const twin = names.get(stage.name);
    if (twin !== undefined)
      report(
        ["stages", i, "name"],
        `${stage.name} is also the name of stage ${twin}`,
        "rename one",
      );
    names.set(stage.name, i);
    if (stage.num_attention_heads % stage.num_kv_heads !== 0)
      report(
        ["stages", i, "num_kv_heads"],
        `${stage.num_kv_heads} does not divide num_attention_heads ${stage.num_attention_heads}`,
        "every key and value head serves the same number of query heads",
      );
    if (!rotary && stage.seq_length !== model.seq_length)
      report(
        ["stages", i, "seq_length"],
        `${stage.seq_length} differs from model.seq_length ${model.seq_length}, the rows of the learned position table`,
        "leave it out or use rope or xpos",
      );
    // The model's own length is reported once, in the first stage that has it.
    const isFirst = stages.findIndex(({ seq_length }) => seq_length === stage.seq_length) === i;
    if (model.position_embedding === "xpos" && stage.seq_length > LONGEST_XPOS && isFirst)
      report(
        stage.seq_length === model.seq_length
          ? ["model", "seq_length"]
          : ["stages", i, "seq_length"],
        `${stage.seq_length} is above ${LONGEST_XPOS}: behind it the factors of xpos leave the range of f32`,
        `use at most ${LONGEST_XPOS}, or position_embedding: rope`,
      );
  }
};
