import { describe, expect, it } from "vitest";
import { fitToContext } from "../../../../lib/eval/iq/fit.ts";
import { iqItem, IQ_TASKS } from "../../../../lib/eval/iq/tasks.ts";
import { answerer } from "./answerers.ts";

const taskNamed = (name: string) => IQ_TASKS.find((task) => task.name === name)!;
const model = (seq_length: number) => answerer(() => "", seq_length);

describe("a prompt that exceeds the context", () => {
  it.each(["sm_bool", "ru_replace_word", "ai_two_facts"])(
    "%s loses examples from the front and keeps instruction and question",
    async (name) => {
      const item = iqItem(taskNamed(name), 0);
      const blocks = item.prompt.split("\n\n");
      const whole = await fitToContext(model(5000), item);
      expect(whole).toMatchObject({ prompt: item.prompt, shots_dropped: 0, fits: true });
      const shorter = [blocks[0], ...blocks.slice(2)].join("\n\n");
      const { max_tokens } = whole;
      const tight = await fitToContext(model(shorter.length + max_tokens), item);
      expect(tight).toMatchObject({ prompt: shorter, shots_dropped: 1, fits: true });
    },
  );

  it("without an instruction keeps the question", async () => {
    const item = iqItem(taskNamed("pm_head_slice"), 0);
    const question = item.prompt.split("\n\n").at(-1)!;
    const fitted = await fitToContext(model(question.length + 30), item);
    expect(fitted).toMatchObject({ prompt: question, shots_dropped: 5, fits: true });
  });

  it("is marked where nothing is left to drop", async () => {
    const item = iqItem(taskNamed("ai_multi_key"), 0);
    expect(await fitToContext(model(50), item)).toMatchObject({ shots_dropped: 0, fits: false });
  });
});

it("a line may be half as long again as the answer, and eight tokens more", async () => {
  const item = iqItem(taskNamed("ru_count"), 0);
  const { max_tokens } = await fitToContext(model(5000), item);
  expect(max_tokens).toBe(Math.ceil(1.5 * (item.answer.length + 1)) + 8);
});
