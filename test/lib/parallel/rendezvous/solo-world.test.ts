import { expect, it } from "vitest";
import { FlmError } from "../../../../lib/errors.ts";
import { detectLaunch } from "../../../../lib/parallel/launch/detect.ts";
import { joinWorld } from "../../../../lib/parallel/rendezvous/join-world.ts";
import { rejection } from "../../failure.ts";
import { endOf } from "./worlds.ts";

const alone = () =>
  joinWorld({
    launch: detectLaunch({}),
    config_hash: "",
    seen_epoch: 4,
    endpoint: { port: 1 },
    secret_file: null,
    timeout_seconds: 1,
    host: "here",
  });

it("a world of one rank answers at once", async () => {
  const world = await alone();
  expect(world).toMatchObject({ rank: 0, world_size: 1, local_rank: 0, epoch: 5 });
  expect(world.roster).toEqual([{ port: 1 }]);
  expect(world.hosts).toEqual(["here"]);
  expect(await world.gather("k", 7)).toEqual([7]);
  expect(await world.broadcast("k", "v")).toBe("v");
  await world.barrier("k");
  world.progress(1);
  await world.close();
});

it("a world of one rank ends for itself", async () => {
  const world = await alone();
  const end = endOf(world);
  world.abort(new FlmError("IO", "disk full"));
  world.abort("later");
  expect(await end).toBe("disk full");
  expect(await endOf(world)).toBe("disk full");
  expect((await rejection(world.gather("k", 1))).code).toBe("IO");
});
