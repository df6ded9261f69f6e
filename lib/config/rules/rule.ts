import type { Report } from "../finding.ts";
import type { Config } from "../types.ts";

/** Compares keys of a resolved config and reports every contradiction it finds; never throws. */
export type Rule = (config: Config, report: Report) => void;
