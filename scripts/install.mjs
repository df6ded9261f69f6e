// Makes the CPU addon and dist/ up to date: npm's `install` and `prepare`, `npm run build`, and with --asked-for
// `flm-train build`, which fails where npm's install of a package goes on without an addon.
// Idempotent, silent and fast when there is nothing to do, because npx inside a clone runs it again each time.
import { fileURLToPath } from "node:url";
import { planAddon } from "./support/addon.mjs";
import { planDist } from "./support/dist.mjs";
import { underLock } from "./support/lock.mjs";

const isAskedFor = process.argv.includes("--asked-for");
const plans = () => [planAddon(isAskedFor), planDist()].filter((build) => build !== null);

/** Runs what is due; looked up again under the lock, because another process may just have done it. */
function buildAll() {
  return plans().reduce((status, build) => build() || status, 0);
}

const isDone = plans().length === 0;
if (isDone && isAskedFor) console.error("flm-train: the CPU addon is there; nothing to build");
process.exit(isDone ? 0 : underLock(fileURLToPath(import.meta.url), buildAll));
