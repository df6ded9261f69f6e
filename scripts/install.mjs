// Makes the CPU addon and dist/ up to date: npm's `install` and `prepare`, and `npm run build`.
// Idempotent, silent and fast when there is nothing to do, because npx inside a clone runs it again each time.
import { fileURLToPath } from "node:url";
import { planAddon } from "./support/addon.mjs";
import { planDist } from "./support/dist.mjs";
import { underLock } from "./support/lock.mjs";

const plans = () => [planAddon(), planDist()].filter((build) => build !== null);

/** Runs what is due; looked up again under the lock, because another process may just have done it. */
function buildAll() {
  return plans().reduce((status, build) => build() || status, 0);
}

process.exit(plans().length === 0 ? 0 : underLock(fileURLToPath(import.meta.url), buildAll));
