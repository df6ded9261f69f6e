import fc from "fast-check";

// The same examples in every run; FLM_TEST_SEED=random looks for new ones.
const seed = process.env.FLM_TEST_SEED ?? "1";
if (seed !== "random") fc.configureGlobal({ seed: Number(seed) });
