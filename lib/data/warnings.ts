import type { Config } from "../config/types.ts";
import { paddingWarnings } from "./padding.ts";
import { repeatWarnings } from "./repeats.ts";
import type { PreparedData } from "./types.ts";

/** What the user should know about the data of a run, given for each stage; one sentence each. */
export function dataWarnings(config: Config, ofStages: readonly PreparedData[]): string[] {
  const ofCorpora = new Set(ofStages.flatMap(({ warnings }) => warnings));
  return [...ofCorpora, ...repeatWarnings(config, ofStages), ...paddingWarnings(config, ofStages)];
}
