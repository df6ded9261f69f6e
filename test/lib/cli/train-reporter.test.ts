import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TrainReporter } from "../../../lib/cli/train-reporter.ts";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import { planStages } from "../../../lib/growth/stage-plan.ts";
import type { StartInfo, StepRow, TrainResult } from "../../../lib/train/events.ts";
import { userConfig } from "../config/fixtures.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { Output } from "./outputs.ts";

beforeEach(() => void vi.stubEnv("TERM", "xterm"));
afterEach(() => void vi.unstubAllEnvs());

const INFO: StartInfo = {
  run_dir: "/runs/mini",
  device: {
    kind: "cpu",
    index: 0,
    name: "a CPU",
    native_bf16: false,
    total_bytes: 1,
  },
  device_reason: "no driver",
  precision: "f32",
  ranks: 1,
  communicator: null,
  stages: planStages(resolveConfig(userConfig([{}, { num_layers: 6 }])), 257),
  total_steps: 200,
  first_step: 0,
  train_tokens: 123_456,
  validation_tokens: 2000,
  vocab_size: 257,
};

const ROW: StepRow = {
  step: 50,
  stage: 0,
  ramp: 1,
  tokens: 12_800,
  loss: 2,
  lr: 1e-3,
  grad_norm: 1,
  skipped: false,
  step_ms: 1000,
  tokens_per_second: 256,
  tflops: 0.5,
  mfu: null,
  flops_total: 1e9,
  memory_bytes: 1e6,
};

const SHAPE = {
  num_layers: 2,
  hidden_size: 64,
  num_attention_heads: 4,
  num_kv_heads: 4,
  ffn_hidden_size: 256,
  vocab_size: 257,
};

function reported(use: (reporter: TrainReporter) => void, columns?: number): string {
  const out = new Output(columns);
  const reporter = new TrainReporter(out);
  use(reporter);
  return out.screen.join("\n");
}

test("the start says what trains where", () => {
  const text = reported((reporter) => reporter.onStart(INFO));
  expect(text).toContain("run         /runs/mini");
  expect(text).toContain("no GPU: no driver");
  expect(text).toMatch(/model {7}\d+k → \d+k parameters, vocabulary 257/);
  const stages = planStages(
    resolveConfig(
      userConfig([{ vocab_size: 300 }, {}], { tokenizer: { type: "bpe", vocab_size: 512 } }),
    ),
    512,
  );
  const grown = reported((reporter) => reporter.onStart({ ...INFO, stages, vocab_size: 512 }));
  expect(grown).toContain("vocabulary 300 → 512");
  expect(text).toContain("123k training tokens, 2.00k for validation");
});

test("of several ranks on GPUs, how their data travels", () => {
  const text = reported((reporter) =>
    reporter.onStart({ ...INFO, ranks: 2, communicator: "by NCCL 2.27.3" }),
  );
  expect(text).toContain("            by NCCL 2.27.3");
});

describe("a step", () => {
  test("is a live line on a terminal", () => {
    const text = reported((reporter) => {
      reporter.onStart(INFO);
      reporter.onStep({ ...ROW, ramp: 0.5 });
    }, 200);
    expect(text).toContain(" 25 %  step 50/200  ramp 0.50  loss 2.0000");
    expect(text).toContain("256 tokens/s  500 GFLOP/s  2m30s left");
  });

  test.each([
    [80, " 25 %  step 50/200  ramp 0.50  loss 2.0000  lr 1.0e-3  256 tokens/s  2m30s left"],
    [40, " 25 %  step 50/200  loss 2.0000"],
  ])("in a window of %d columns says what matters most", (columns, line) => {
    const text = reported((reporter) => {
      reporter.onStart(INFO);
      reporter.onStep({ ...ROW, ramp: 0.5 });
    }, columns);
    expect(text.split("\n").at(-1)).toBe(line);
  });

  test("is smoothed, and the loss of a step that was skipped is passed over", () => {
    const text = reported((reporter) => {
      reporter.onStart(INFO);
      for (const [i, loss] of [2, Number.NaN, 3].entries())
        reporter.onStep({ ...ROW, step: 198 + i, loss, skipped: Number.isNaN(loss) });
    }, 200);
    expect(text).toContain("loss 2.1000");
  });

  test("on a terminal is shown at most twenty times a second", () => {
    vi.useFakeTimers({ now: 1000 });
    const text = reported((reporter) => {
      reporter.onStart(INFO);
      for (const step of [1, 2, 3, 4]) {
        reporter.onStep({ ...ROW, step });
        vi.advanceTimersByTime(25);
      }
    }, 200);
    vi.useRealTimers();
    expect(text).toContain("step 3/200");
  });

  test("is shown on where the machine's clock is set back", () => {
    vi.useFakeTimers({ now: 3_600_000 });
    const text = reported((reporter) => {
      reporter.onStart(INFO);
      reporter.onStep({ ...ROW, step: 1 });
      vi.setSystemTime(0);
      vi.advanceTimersByTime(50);
      reporter.onStep({ ...ROW, step: 2 });
    }, 200);
    vi.useRealTimers();
    expect(text).toContain("step 2/200");
  });

  test("without a terminal is said now and then, and at the end", () => {
    const text = reported((reporter) => {
      reporter.onStart(INFO);
      for (const step of [1, 2, 3, 200]) reporter.onStep({ ...ROW, step });
    });
    expect([...text.matchAll(/step (\d+)\/200/g)].map(([, step]) => step)).toEqual(["1", "200"]);
  });
});

describe("an event", () => {
  test("growth names what changed, and the loss on both sides", () => {
    const text = reported((reporter) =>
      reporter.onEvent({
        type: "growth",
        stage: 1,
        step: 100,
        from: SHAPE,
        to: { ...SHAPE, num_layers: 4, hidden_size: 96 },
        parameters_before: 420_000,
        parameters_after: 1_900_000,
        preserving: false,
        loss_before: 2.5,
        loss_after: 2.75,
        load_seconds: 0.1,
        seconds: 1.25,
      }),
    );
    expect(text).toContain("420k → 1.90M parameters (num_layers 2 → 4, hidden_size 64 → 96)");
    expect(text).toContain("2.500000 → 2.750000, not function-preserving, 1.3 s");
  });

  test.each([
    [1.25, undefined, /perplexity 7\.4, 1\.250 bits per byte\n/],
    [Infinity, undefined, /perplexity 7\.4\n/],
    [1.25, [1, Infinity], /, 1\.250 bits per byte \(0 1\.000\)\n/],
  ])("validation tells the bits of what has bytes: %j, %j", (bits_per_byte, parts, line) => {
    const text = reported((reporter) =>
      reporter.onEvent({
        type: "validation",
        step: 100,
        loss: 2,
        perplexity: Math.exp(2),
        bits_per_byte,
        tokens: 50,
        ...(parts && {
          sources: parts.map((bits, i) => ({
            name: String(i),
            loss: 2,
            bits_per_byte: bits,
            tokens: 25,
            share: 0.5,
          })),
        }),
      }),
    );
    expect(text).toMatch(line);
  });

  test("growth into the same shape says so", () => {
    const text = reported((reporter) =>
      reporter.onEvent({
        type: "growth",
        stage: 1,
        step: 100,
        from: SHAPE,
        to: SHAPE,
        parameters_before: 420_000,
        parameters_after: 420_000,
        preserving: true,
        loss_before: 2.5,
        loss_after: 2.5,
        load_seconds: 0.1,
        seconds: 1.25,
      }),
    );
    expect(text).toContain("420k → 420k parameters (the same shape)");
  });

  test("growth of the vocabulary is told in bits per byte", () => {
    const text = reported((reporter) =>
      reporter.onEvent({
        type: "growth",
        stage: 1,
        step: 100,
        from: SHAPE,
        to: { ...SHAPE, vocab_size: 512 },
        parameters_before: 420_000,
        parameters_after: 450_000,
        preserving: false,
        loss_before: 2.5,
        loss_after: 3.75,
        bits_per_byte: { before: 1.25, after: 1.5 },
        load_seconds: 0.1,
        seconds: 1.25,
      }),
    );
    expect(text).toContain("(vocab_size 257 → 512)");
    expect(text).toContain("1.2500 → 1.5000 bits per byte of one text, not function-preserving");
    expect(text).not.toContain("3.75");
  });

  test("a skip whose numbers are gone is told all the same", () => {
    const text = reported((reporter) =>
      reporter.onEvent({
        type: "skip",
        action: "skip",
        step: 7,
        reason: "non_finite",
        loss: null,
        grad_norm: null,
        limit: null,
      }),
    );
    expect(text).toContain("skipped     step 7: gradients that are not finite");
  });

  test.each([
    [0.5, "0.5"],
    [0.7 ** 4, "0.24"],
  ])("a way back to a checkpoint is told with what led to it: factor %d", (lr_factor, told) => {
    const rejected = { step: 9, reason: "loss", loss: 7.5, grad_norm: 1, limit: 3 } as const;
    const text = reported((reporter) =>
      reporter.onEvent({ type: "rollback", step: 4, number: 2, rejected, lr_factor }),
    );
    expect(text).toContain(
      "went back   to step 4, because step 9 had a loss of 7.500, above the limit of 3.000; " +
        `rates are now times ${told}\n`,
    );
  });

  test("a sample does not talk to the terminal", () => {
    const text = reported((reporter) =>
      reporter.onEvent({ type: "sample", step: 7, prompt: "A", text: "b\u001b]0;title\u0007" }),
    );
    expect(text).toContain("b\\x1b]0;title\\x07");
  });

  test("a sample keeps its lines", () => {
    const text = reported((reporter) =>
      reporter.onEvent({ type: "sample", step: 7, prompt: "A", text: "b\nc" }),
    );
    expect(text).toContain('sample      "A" →\n            b\n            c');
  });

  test("checkpoints are not worth a line", () => {
    const text = reported((reporter) =>
      reporter.onEvent({ type: "checkpoint", step: 7, path: "/c", seconds: 1, bytes: 1 }),
    );
    expect(text).toBe("");
  });
});

const RESULT: TrainResult = {
  status: "done",
  steps: 200,
  tokens: 51_200,
  loss: 2,
  validation_loss: 2.1,
  bigram_loss: 2.5,
  tokens_per_second: 256,
  checkpoint: "/runs/mini/checkpoints/step-00000200.e0001",
  run_dir: "/runs/mini",
};

test("a resumed run says what it does otherwise", () => {
  const text = reported((reporter) =>
    reporter.onEvent({
      type: "resume",
      step: 7,
      checkpoint: "/c",
      device: "a CPU",
      precision: "f32",
      ranks: 1,
      changed: ["stages.1.lr 0.0004 → 0.001", "seed 1 → 2"],
    }),
  );
  expect(text).toContain(
    "resuming    step 7 from /c\nchanged     stages.1.lr 0.0004 → 0.001\nchanged     seed 1 → 2\n",
  );
});

describe("the end", () => {
  test("compares with the bigram model, names the checkpoint and what to do next", () => {
    const text = reported((reporter) => reporter.finish(RESULT));
    expect(text).toContain("loss 2.0000, validation 2.1000 (bigram model 2.5000)");
    expect(text).toContain("checkpoint  /runs/mini/checkpoints/step-00000200.e0001");
    expect(text).toContain('try         npx flm-train generate /runs/mini --prompt "The "');
    expect(text).toMatch(/^done {8}200 steps, /);
    // None has been written.
    expect(text).not.toContain("report ");
  });

  test("of a run without validation, or of one step, says so", () => {
    const result = { ...RESULT, steps: 1, validation_loss: null, bigram_loss: null };
    const text = reported((reporter) => reporter.finish(result));
    expect(text).toMatch(/^done {8}1 step, .*, no validation$/m);
  });

  test("names the report where there is one", () => {
    const run_dir = temporaryDirectory();
    writeFileSync(join(run_dir, "report.html"), "");
    const text = reported((reporter) => reporter.finish({ ...RESULT, run_dir }));
    expect(text).toContain(`report      ${run_dir}/report.html`);
  });

  test("by a signal says how to go on", () => {
    const text = reported((reporter) => reporter.finish({ ...RESULT, status: "interrupted" }));
    expect(text).toMatch(/^interrupted \d/);
    expect(text).toContain("the same command goes on from here");
    expect(text).not.toContain("generate");
  });

  test("of a run that was finished says that nothing was trained", () => {
    const finish = (first_step: number) =>
      reported((reporter) => {
        reporter.onStart({ ...INFO, first_step });
        reporter.finish(RESULT);
      });
    expect(finish(200)).toContain("nothing was trained");
    expect(finish(150)).not.toContain("nothing was trained");
  });

  test("warns where validation has not gone well", () => {
    const text = reported((reporter) => {
      reporter.onStart(INFO);
      reporter.finish({ ...RESULT, validation_loss: 3 });
    });
    expect(text).toContain("warning     validation has ended above the bigram model");
  });
});
