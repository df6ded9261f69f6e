import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Running } from "../../e2e/support/cli.ts";
import { until } from "../../e2e/support/watch.ts";
import { temporaryDirectory } from "../../lib/temporary-directory.ts";
import { child } from "./ranks.ts";

/** Holds rank 0 of a run after a step, before the next one (children/hold-at.mjs). */
export class Hold {
  readonly nodeOptions = ["--import", child("hold-at.mjs")];
  readonly env: Record<string, string>;
  readonly #file = join(temporaryDirectory(), "held");

  constructor(step: number) {
    this.env = { FLM_TEST_HOLD: String(step), FLM_TEST_HOLD_FILE: this.#file };
  }

  /** Until it is held. */
  async reached(running: Running): Promise<void> {
    await until(running, () => existsSync(this.#file));
  }

  goOn(): void {
    rmSync(this.#file, { force: true });
  }
}
