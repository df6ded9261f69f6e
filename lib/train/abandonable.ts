import type { NativeEngine } from "../native/types.ts";

/** What a validation asks the model with. */
export type Scorer = Pick<NativeEngine, "evaluate">;

/** The end of a validation in whose middle some rank has been asked to stop. All ranks of the stage meet it in the same call. */
export class Abandoned extends Error {}

/** The engine as a validation uses it that does not go on once a rank has been asked to stop. */
export function abandonable(engine: Scorer, isAsked: () => boolean): Scorer {
  return {
    evaluate: async (input) => {
      const report = await engine.evaluate({ ...input, stop: isAsked() });
      if (report.stop) throw new Abandoned("told to stop");
      return report;
    },
  };
}
