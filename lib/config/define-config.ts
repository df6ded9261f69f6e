import type { UserConfig } from "./types.ts";

/** Returns its argument; it is there to give editors the types of a config written in TypeScript. */
export function defineConfig(config: UserConfig): UserConfig {
  return config;
}
