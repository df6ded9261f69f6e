import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Running } from "../../e2e/support/cli.ts";
import { until } from "../../e2e/support/watch.ts";
import { temporaryDirectory } from "../../lib/temporary-directory.ts";
import { child } from "./ranks.ts";

/** Holds rank 0 of a run at an exact moment (children/hold-at.mjs). */
export class Hold {
  readonly nodeOptions = ["--import", child("hold-at.mjs")];
  readonly env: Record<string, string>;
  readonly #file = join(temporaryDirectory(), "held");

  constructor(moment: string) {
    this.env = { FLM_TEST_HOLD: moment, FLM_TEST_HOLD_FILE: this.#file };
  }

  /** Until the moment has come. */
  async reached(running: Running): Promise<void> {
    await until(running, () => existsSync(this.#file));
  }

  goOn(): void {
    rmSync(this.#file, { force: true });
  }
}
