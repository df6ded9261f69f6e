import { describe, expect, test } from "vitest";
import type { ModelShape } from "../../../lib/config/shape.ts";
import { NEW } from "../../../lib/growth/axis-map.ts";
import { growthLoadPlan, type GrowthNumbers } from "../../../lib/growth/moves.ts";
import { type GrowthPlan, planGrowth } from "../../../lib/growth/plan.ts";
import type { LoadPlan, Move, StateKind } from "../../../lib/native/plans.ts";
import { scalingOf } from "../../../lib/scaling/mup.ts";
import { parameterTable } from "../../../lib/scaling/parameters.ts";
import { LARGE, SMALL, withEveryParameter } from "./shapes.ts";

const MASKED = { depth: "stack", width: "mask", ramp_steps: 4 } as const;
const NUMBERS: Omit<GrowthNumbers, "scaling"> = {
  seed: 7,
  final_norm_factor: 1,
  optimizer_step: "carry",
};

/** A checkpoint of `shape` with one file; every tensor's moments have seen 100 steps. */
function movesOf(plan: GrowthPlan, numbers: Partial<GrowthNumbers> = {}): LoadPlan {
  const table = new Map(parameterTable(plan.from).map((info, i) => [info.name, { info, i }]));
  return growthLoadPlan(
    plan,
    {
      optimizer_steps: Object.fromEntries([...table.keys()].map((name) => [name, 100])),
      tensor(name, kind) {
        const found = table.get(name);
        if (!found) return undefined;
        const [rows, cols] = found.info.shape;
        const offset = 1000 * found.i + ["master", "exp_avg", "exp_avg_sq"].indexOf(kind);
        return { file: "/run/shard", offset, dtype: "f32", rows, cols };
      },
    },
    {
      ...NUMBERS,
      scaling: scalingOf({ init_std: 0.02, mup: null }, plan.to),
      ...numbers,
    },
  );
}

function find(plan: LoadPlan, tensor: string, kind: StateKind = "master"): Move {
  const found = plan.moves.find((move) => move.tensor === tensor && move.kind === kind);
  expect(found, `${tensor} ${kind}`).toBeDefined();
  return found!;
}

const EVERYTHING: [ModelShape, ModelShape] = [withEveryParameter(SMALL), withEveryParameter(LARGE)];

test("every tensor of the new model gets one master, with maps as long as its axes", () => {
  const plan = movesOf(planGrowth(...EVERYTHING, MASKED));
  const masters = plan.moves.filter((move) => move.kind === "master");
  expect(masters.map((move) => move.tensor)).toEqual(
    parameterTable(EVERYTHING[1]).map(({ name }) => name),
  );
  for (const { name, shape } of parameterTable(EVERYTHING[1])) {
    const move = find(plan, name);
    const length = (map: number, rest: number) => (map < 0 ? rest : plan.maps[map]!.length);
    expect([length(move.row_map, 1), length(move.col_map, 1)], name).toEqual([...shape]);
  }
});

test("maps point into the source, and each map is stated once", () => {
  const plan = movesOf(planGrowth(...EVERYTHING, MASKED));
  expect(plan.files).toEqual(["/run/shard"]);
  expect(new Set(plan.maps).size).toBe(plan.maps.length);
  for (const move of plan.moves)
    for (const [map, size] of [
      [move.row_map, move.source_rows],
      [move.col_map, move.source_cols],
    ] as const)
      if (map >= 0) expect(Math.max(...plan.maps[map]!)).toBe(size - 1);
});

describe("added layers", () => {
  test("copies start from their source's weights, without moments or steps", () => {
    const plan = movesOf(planGrowth(SMALL, LARGE, MASKED));
    const name = "ffn.up.weight";
    expect(find(plan, `layers.2.${name}`).offset).toBe(find(plan, `layers.0.${name}`).offset);
    expect(find(plan, `layers.4.${name}`).offset).toBe(find(plan, `layers.1.${name}`).offset);
    const moments = plan.moves.filter((move) => move.kind !== "master").map((move) => move.tensor);
    expect(moments.filter((tensor) => /^layers\.[234]/.test(tensor))).toEqual([]);
    const steps = plan.steps.filter(({ tensor }) => tensor.startsWith("layers."));
    expect(new Set(steps.map(({ tensor }) => tensor.split(".")[1]))).toEqual(new Set(["0", "1"]));
  });

  test("random ones have no source", () => {
    const plan = movesOf(planGrowth(SMALL, LARGE, { ...MASKED, depth: "random" }));
    const up = find(plan, "layers.3.ffn.up.weight");
    expect(up).toMatchObject({ file: -1, fill: "normal", fill_value: 0.02 });
    const down = find(plan, "layers.3.ffn.down.weight");
    expect(down).toMatchObject({ file: -1, fill: "normal", fill_value: 0.02 / Math.sqrt(10) });
    expect(find(plan, "layers.3.norm1.gain")).toMatchObject({ fill: "constant", fill_value: 1 });
  });

  test("random ones are drawn, also where old layers' new columns start at zero", () => {
    const drawn = { fill: "normal", fill_value: 0.02 / Math.sqrt(10) };
    const queries = { ...LARGE, num_attention_heads: 6, num_kv_heads: 2 };
    for (const [to, width] of [
      [LARGE, "zero"],
      [queries, "mask"],
    ] as const) {
      const plan = movesOf(planGrowth(SMALL, to, { ...MASKED, depth: "random", width }));
      expect(find(plan, "layers.1.attention.out.weight").fill).toBe("constant");
      expect(find(plan, "layers.3.attention.out.weight")).toMatchObject(drawn);
      expect(find(plan, "layers.3.ffn.down.weight")).toMatchObject(drawn);
    }
  });

  test("zero ones write nothing into the residual stream", () => {
    const plan = movesOf(planGrowth(...EVERYTHING, { ...MASKED, depth: "zero" }));
    for (const tail of ["attention.out.weight", "attention.out.bias", "ffn.down.weight"])
      expect(find(plan, `layers.3.${tail}`)).toMatchObject({
        file: -1,
        fill: "constant",
        fill_value: 0,
      });
    expect(find(plan, "layers.3.ffn.up.weight").fill).toBe("normal");
    expect(find(plan, "layers.1.ffn.down.weight").file).toBe(0);
  });
});

describe("moments", () => {
  test("are zero where something is new, and carry their steps", () => {
    const plan = movesOf(planGrowth(SMALL, LARGE, MASKED));
    for (const kind of ["exp_avg", "exp_avg_sq"] as const)
      expect(find(plan, "layers.1.ffn.up.weight", kind)).toMatchObject({
        file: 0,
        fill: "constant",
        fill_value: 0,
        scale: 1,
      });
    expect(plan.steps).toContainEqual({ tensor: "embedding.weight", step: 100 });
  });

  test("restart forgets the steps, not the moments", () => {
    const plan = movesOf(planGrowth(SMALL, LARGE, MASKED), { optimizer_step: "restart" });
    expect(plan.steps).toEqual([]);
    expect(find(plan, "embedding.weight", "exp_avg").file).toBe(0);
  });
});

test("the final norm makes up for another logit multiplier, its moments alike", () => {
  const plan = movesOf(planGrowth(...EVERYTHING, MASKED), { final_norm_factor: 4 });
  const scales = (tensor: string) =>
    (["master", "exp_avg", "exp_avg_sq"] as const).map((kind) => find(plan, tensor, kind).scale);
  expect(scales("final_norm.gain")).toEqual([4, 1 / 4, 1 / 16]);
  expect(scales("final_norm.bias")).toEqual([4, 1 / 4, 1 / 16]);
  expect(scales("layers.0.norm1.gain")).toEqual([1, 1, 1]);
  expect(scales("head.weight")).toEqual([1, 1, 1]);
});

describe("new query heads", () => {
  const out = (num_attention_heads: number, num_kv_heads: number) => {
    const from = { ...SMALL, num_attention_heads: 4, num_kv_heads: 2 };
    const plan = planGrowth(from, { ...from, num_attention_heads, num_kv_heads }, MASKED);
    return find(movesOf(plan), "layers.0.attention.out.weight");
  };

  test("of new groups are silent behind the mask, by their values", () => {
    expect(out(6, 3).fill).toBe("normal");
  });

  test("of old groups read old values, so that their output starts at zero", () => {
    expect(out(6, 2)).toMatchObject({ fill: "constant", fill_value: 0 });
  });
});

describe("width zero", () => {
  const plan = movesOf(planGrowth(SMALL, LARGE, { ...MASKED, width: "zero" }));

  test("is silent in all that writes new hidden columns or reads new units", () => {
    for (const tensor of [
      "embedding.weight",
      "layers.0.attention.out.weight",
      "layers.0.ffn.down.weight",
    ])
      expect(find(plan, tensor)).toMatchObject({ fill: "constant", fill_value: 0 });
    for (const tensor of ["layers.0.attention.q.weight", "layers.0.ffn.up.weight"])
      expect(find(plan, tensor).fill).toBe("normal");
  });

  test("makes up in the gains for the smaller mean square", () => {
    const r = Math.sqrt(16 / 20);
    expect(find(plan, "layers.0.norm1.gain")).toMatchObject({ scale: r, fill_value: r });
    expect(find(plan, "final_norm.gain", "exp_avg").scale).toBeCloseTo(1 / r, 12);
  });
});

test("an event without anything new copies all of it", () => {
  const plan = movesOf(planGrowth(SMALL, SMALL, MASKED));
  expect(plan.moves).toHaveLength(3 * parameterTable(SMALL).length);
  for (const map of plan.maps) expect(map.includes(NEW)).toBe(false);
  expect(plan.moves.every((move) => move.file === 0 && move.scale === 1)).toBe(true);
});
