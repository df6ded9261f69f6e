import { expect, test } from "vitest";
import type { RankStage } from "../../../lib/train/rank-stage.ts";
import { scoringTeam } from "../../../lib/train/scoring-team.ts";
import { coordinatesOf, type Mesh } from "../../../lib/parallel/mesh.ts";

const MESH: Mesh = {
  tensor_parallel_size: 2,
  pipeline_parallel_size: 2,
  data_parallel_size: 2,
  virtual_pipeline_size: 1,
  world_size: 9,
};

function stageOf(mesh: Mesh, rank: number): RankStage {
  return { mesh, at: coordinatesOf(mesh, rank) } as unknown as RankStage;
}

/** The team of one rank where every rank says its own number, and rank 5 whatever `stop` says. */
function teamAmong(rank: number, stop: boolean) {
  const asked: [string, number | undefined][] = [];
  const said: unknown[] = [];
  const gather = async <T>(key: string, value: T, count?: number) => {
    asked.push([key, count]);
    said.push(value);
    return Array.from({ length: count! }, (_, of) => ({
      value: of,
      stop: stop && of === 5,
    })) as T[];
  };
  const never = new AbortController().signal;
  return { ...scoringTeam(stageOf(MESH, rank), { rank, gather }, never), asked, said };
}

test("each replica is spoken for by a rank that sees its losses", async () => {
  const { team, asked } = teamAmong(3, false);
  expect(await team.gather(-1)).toEqual([4, 6]);
  expect(asked).toEqual([["scores", 8]]);
  expect([team.replicas, team.replica]).toEqual([2, 1]);
});

test("only that rank sends what is asked for", async () => {
  for (const rank of Array.from({ length: 8 }, (_, i) => i)) {
    const { team, said } = teamAmong(rank, false);
    await team.gather("losses");
    expect(said).toEqual([{ value: rank === 4 || rank === 6 ? "losses" : null, stop: false }]);
  }
});

test("one rank's stop ends the work of all with the next gathering, and none before", async () => {
  const { team, signal } = teamAmong(0, true);
  expect(signal.aborted).toBe(false);
  const error = await team.gather(-1).catch((reason: unknown) => reason);
  expect(signal.aborted).toBe(true);
  expect(error).toBe(signal.reason);
});

test("one rank heeds its own signal", async () => {
  const alone = {
    ...MESH,
    tensor_parallel_size: 1,
    pipeline_parallel_size: 1,
    data_parallel_size: 1,
  };
  const stop = AbortSignal.abort();
  const gather = () => Promise.reject(new Error("nobody is there"));
  const { team, signal } = scoringTeam(stageOf(alone, 0), { rank: 0, gather }, stop);
  expect(signal).toBe(stop);
  expect(await team.gather("x")).toEqual(["x"]);
});
