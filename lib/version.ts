import { readFileSync } from "node:fs";

/** The package's version; of lib/ and of dist/ alike. */
export const version = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  }
).version;
