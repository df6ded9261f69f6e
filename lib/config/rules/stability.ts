import type { Rule } from "./rule.ts";

/** What watching for spikes needs. */
export const stabilityRules: Rule = ({ stability }, report) => {
  const { spike_action, max_rollbacks } = stability;
  if (spike_action === "rollback" && (max_rollbacks ?? 0) === 0)
    report(
      ["stability", "spike_action"],
      `rollback is never done with max_rollbacks ${max_rollbacks}`,
      "set max_rollbacks to 1 or more, or use skip or replace",
    );
};
