import { IQ_TASKS, iqItem, iqItems, type IqTask } from "./tasks.ts";
import type { IqItem } from "./item.ts";

/** The seed of the sets that are scored. */
const SCORED_SEED = 0;

/**
 * Items to train on, endlessly and of each task in turn: of other seeds than the scored sets, and none whose prompt one
 * of those has by chance, as short prompts may.
 */
export function* trainingItems(tasks: readonly IqTask[] = IQ_TASKS): Generator<IqItem, never> {
  const scored = new Set(
    tasks.flatMap((task) => iqItems(task, Infinity, SCORED_SEED).map(({ prompt }) => prompt)),
  );
  for (let seed = SCORED_SEED + 1; ; seed++)
    for (let index = 0; index < Math.max(...tasks.map(({ size }) => size)); index++)
      for (const task of tasks) {
        if (index >= task.size) continue;
        const item = iqItem(task, index, seed);
        if (!scored.has(item.prompt)) yield item;
      }
}

/** The item as a document: the prompt and, on its last line, the answer. */
export function solvedText({ prompt, answer }: IqItem): string {
  return `${prompt} ${answer}\n`;
}
