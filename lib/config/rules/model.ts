import type { Rule } from "./rule.ts";

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
  }
};
