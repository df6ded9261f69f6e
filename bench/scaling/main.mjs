// Loss prediction: trains what is missing, narrow widths and one held out. docs/scaling.md says what came out. Needs the
// built addon and dist/; --help lists the options.
import { runMissing } from "../mup/run-missing.mjs";
import { wantedRuns } from "./runs.mjs";

await runMissing("scaling", wantedRuns());
