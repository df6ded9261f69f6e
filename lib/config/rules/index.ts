import { batchRules } from "./batch.ts";
import { evalRules } from "./eval.ts";
import { growthRules } from "./growth.ts";
import { mixingRules } from "./mixing.ts";
import { modelRules, ropeScalingRules } from "./model.ts";
import { objectiveRules } from "./objective.ts";
import { optimizerRules } from "./optimizer.ts";
import { parallelRules } from "./parallel.ts";
import type { Rule } from "./rule.ts";
import { stabilityRules } from "./stability.ts";
import { tokenizerRules } from "./tokenizer.ts";
import { vocabularyRules } from "./vocabulary.ts";

/** Every rule that compares keys with each other. */
export const RULES: readonly Rule[] = [
  modelRules,
  ropeScalingRules,
  batchRules,
  optimizerRules,
  growthRules,
  evalRules,
  parallelRules,
  tokenizerRules,
  vocabularyRules,
  mixingRules,
  objectiveRules,
  stabilityRules,
];
