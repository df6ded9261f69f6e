import { describe, expect, test } from "vitest";
import { planInitial, planResume, planSave } from "../../../lib/checkpoint/plans.ts";
import { byteLength } from "../../../lib/checkpoint/safetensors.ts";
import type { TensorInfo } from "../../../lib/native/types.ts";
import { scalingOf } from "../../../lib/scaling/mup.ts";
import { parameterTable } from "../../../lib/scaling/parameters.ts";
import { SMALL, withEveryParameter } from "../growth/shapes.ts";
import { manifest } from "./manifests.ts";

const TENSOR = { master_dtype: "f32", state_dtype: "f32" } as const;
const tensor = (name: string, rows: number, cols: number): TensorInfo => ({
  ...TENSOR,
  name,
  rows,
  cols,
});

const whole = (...tensors: TensorInfo[]) => [{ tensors, writers: [0] }];

describe("save", () => {
  test("masters come first, so that a reader of weights reads one stretch", () => {
    const { plan } = planSave("/c", whole(tensor("a.weight", 2, 2), tensor("b.weight", 2, 2)));
    expect(plan.files).toHaveLength(1);
    expect(plan.files[0]!.path).toBe("/c/shard-00001-of-00001.safetensors");
    expect(plan.files[0]!.items.map(({ tensor, kind }) => `${tensor} ${kind}`)).toEqual([
      "a.weight master",
      "b.weight master",
      "a.weight exp_avg",
      "b.weight exp_avg",
      "a.weight exp_avg_sq",
      "b.weight exp_avg_sq",
    ]);
  });

  test("the manifest's places are where the items lie", () => {
    const { plan, tensors } = planSave(
      "/c",
      whole({ ...tensor("a.weight", 2, 3), state_dtype: "bf16" }, tensor("b.gain", 1, 5)),
    );
    let end = plan.files[0]!.header.length;
    for (const place of tensors) {
      expect(place.offset).toBe(end);
      end += byteLength(place);
    }
    expect(tensors.map(({ dtype }) => dtype)).toEqual(["f32", "f32", "bf16", "f32", "bf16", "f32"]);
    expect(tensors[3]).toMatchObject({ name: "b.gain", kind: "exp_avg", rows: 1, cols: 5 });
  });

  test("a shard ends before it passes 2 GiB; a larger tensor has one of its own", () => {
    const half = tensor("half", 2 ** 14, 2 ** 14);
    const huge = tensor("huge", 2 ** 15, 2 ** 15);
    const { plan, tensors } = planSave("/c", whole(half, half, huge));
    expect(plan.files.map((file) => file.items.length)).toEqual([2, 1, 2, 1, 2, 1]);
    expect(new Set(tensors.map(({ file }) => file)).size).toBe(6);
    expect(plan.files[5]!.path).toBe("/c/shard-00006-of-00006.safetensors");
  });

  test("each part has shards of its own, which its writers take in turn", () => {
    const huge = tensor("huge", 2 ** 15, 2 ** 15);
    const { plan, tensors } = planSave("/c", [
      { tensors: [huge], writers: [0, 1] },
      { tensors: [tensor("small", 1, 4)], writers: [2, 3] },
    ]);
    expect(plan.files.map(({ writer }) => writer)).toEqual([0, 1, 0, 2]);
    expect(tensors.at(-1)!.file).toBe("shard-00004-of-00004.safetensors");
  });
});

test("resume loads every tensor from its place, as it is", () => {
  const plan = planResume("/run/c", manifest());
  expect(plan.files).toEqual(["/run/c/shard-00001-of-00001.safetensors"]);
  expect(plan.moves).toEqual([
    expect.objectContaining({
      tensor: "embedding.weight",
      kind: "master",
      file: 0,
      offset: 16,
      source_rows: 2,
      source_cols: 3,
      row_map: -1,
      col_map: -1,
      scale: 1,
    }),
  ]);
  expect(plan.steps).toEqual([{ tensor: "embedding.weight", step: 10 }]);
});

test("fresh weights follow their class", () => {
  const shape = withEveryParameter(SMALL);
  const scaling = scalingOf({ init_std: 0.02, mup: null }, shape);
  const plan = planInitial(parameterTable(shape), scaling, 9);
  const find = (name: string) => plan.moves.find((move) => move.tensor === name);
  expect(plan).toMatchObject({ seed: 9, files: [], maps: [], steps: [] });
  expect(plan.moves.every((move) => move.file === -1 && move.kind === "master")).toBe(true);
  expect(find("embedding.weight")).toMatchObject({ fill: "normal", fill_value: 0.02 });
  expect(find("layers.0.ffn.down.weight")).toMatchObject({ fill: "normal", fill_value: 0.01 });
  expect(find("layers.0.norm1.gain")).toMatchObject({ fill: "constant", fill_value: 1 });
  expect(find("layers.0.attention.q.bias")).toMatchObject({ fill: "constant", fill_value: 0 });
});
