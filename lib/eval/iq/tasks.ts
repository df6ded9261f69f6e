import { counting } from "./counting.ts";
import type { IqDraft, IqGroup, IqItem } from "./item.ts";
import { multiKeyRetrieval } from "./multi-key.ts";
import { oneFact } from "./one-fact.ts";
import { fullRepeating, headAndTail, headSlicing } from "./patterns.ts";
import { ItemRandom } from "./random.ts";
import { replaceLowercase, replaceWord } from "./replacement.ts";
import { smBool } from "./sm-bool.ts";
import { smRef } from "./sm-ref.ts";
import { smRte } from "./sm-rte.ts";
import { smWic } from "./sm-wic.ts";
import { twoFacts } from "./two-facts.ts";

export interface IqTask {
  name: string;
  group: IqGroup;
  /** Items of the whole set. */
  size: number;
  generate: (random: ItemRandom) => IqDraft;
}

function task(
  name: string,
  group: IqGroup,
  size: number,
  generate: (random: ItemRandom) => IqDraft,
): IqTask {
  return { name, group, size, generate };
}

/** The thirteen tasks, in the order of FLM-101B's tables (spec: FLM-101B, arXiv 2309.03852, section 4). */
export const IQ_TASKS: readonly IqTask[] = [
  task("sm_bool", "symbolic mapping", 300, smBool),
  task("sm_rte", "symbolic mapping", 300, smRte),
  task("sm_wic", "symbolic mapping", 300, smWic),
  task("sm_ref", "symbolic mapping", 300, smRef),
  task("ru_count", "rule understanding", 148, counting),
  task("ru_replace_lower", "rule understanding", 300, replaceLowercase),
  task("ru_replace_word", "rule understanding", 300, replaceWord),
  task("pm_head_tail", "pattern mining", 100, headAndTail),
  task("pm_full_repeat", "pattern mining", 100, fullRepeating),
  task("pm_head_slice", "pattern mining", 100, headSlicing),
  task("ai_multi_key", "anti-interference", 300, multiKeyRetrieval),
  task("ai_one_fact", "anti-interference", 300, oneFact),
  task("ai_two_facts", "anti-interference", 300, twoFacts),
];

/** Item `index` of a task; a pure function of its arguments. */
export function iqItem({ name, group, generate }: IqTask, index: number, seed = 0): IqItem {
  const draft = generate(new ItemRandom(seed, name, index));
  return { id: `${name}/${seed}/${index}`, task: name, group, ...draft };
}

/** The first `limit` items of a task's set, all of them by default. */
export function iqItems(task: IqTask, limit = Infinity, seed = 0): IqItem[] {
  return Array.from({ length: Math.min(limit, task.size) }, (_, index) =>
    iqItem(task, index, seed),
  );
}
