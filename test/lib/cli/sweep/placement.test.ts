import { expect, it } from "vitest";
import { gpuName } from "../../../../lib/cli/sweep/placement.ts";

it("keeps to the GPUs that were given", () => {
  expect([0, 1].map((place) => gpuName(place, undefined))).toEqual(["0", "1"]);
  expect([0, 1].map((place) => gpuName(place, "4, GPU-8f2c"))).toEqual(["4", "GPU-8f2c"]);
});
