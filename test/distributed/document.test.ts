import { mkdirSync } from "node:fs";
import { expect, it } from "vitest";
import { succeed } from "../e2e/support/cli.ts";
import { corpus } from "../e2e/support/corpus.ts";
import { blocksOf, readDocument } from "../e2e/support/documents.ts";
import { project } from "../e2e/support/project.ts";
import { events } from "../e2e/support/run-files.ts";

it("the config of docs/parallel.md trains on four ranks, and grows from one mesh to another", async () => {
  const { directory, path, write } = project();
  const [config] = blocksOf(readDocument("parallel.md"), "yaml");
  write("parallel.yaml", config!);
  mkdirSync(path("docs"));
  write("docs/text.md", corpus());
  const short = [0, 1].flatMap((stage) => ["--set", `stages.${stage}.tokens=6144`]);
  const { stderr } = await succeed(["parallel.yaml", ...short], { cwd: directory });
  expect(stderr).toContain("4 ranks, started here");
  expect(events(path("runs/parallel"), "growth")).toHaveLength(1);
});
