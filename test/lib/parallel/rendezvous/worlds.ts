import { onTestFinished } from "vitest";
import type { Launch } from "../../../../lib/parallel/launch/detect.ts";
import { freePort } from "../../../support/free-port.ts";
import { Channel } from "../../../../lib/parallel/rendezvous/channel.ts";
import { FrameSocket } from "../../../../lib/parallel/rendezvous/frame-socket.ts";
import { greetStore, type Identity } from "../../../../lib/parallel/rendezvous/handshake.ts";
import { joinHere } from "../../../../lib/parallel/rendezvous/join-here.ts";
import type { Join } from "../../../../lib/parallel/rendezvous/messages.ts";
import type { JoinOptions } from "../../../../lib/parallel/rendezvous/options.ts";
import type { World } from "../../../../lib/parallel/rendezvous/world.ts";
import { version } from "../../../../lib/version.ts";
import { knock } from "./sockets.ts";

/** What differs from an ordinary rank. */
export type Changes = Partial<Omit<JoinOptions, "launch">> & { launch?: Partial<Launch> };

/** A job of `world_size` ranks that run in this process and meet on loopback. */
export class Job {
  readonly world_size: number;
  readonly warnings: string[] = [];
  readonly port: number;

  static async create(world_size: number): Promise<Job> {
    return new Job(world_size, await freePort("127.0.0.1"));
  }

  private constructor(world_size: number, port: number) {
    this.world_size = world_size;
    this.port = port;
  }

  /** Rank `rank` on `host <rank>` joins; it leaves when the test is over, if it has not before. */
  async join(rank: number, { launch, ...changes }: Changes = {}): Promise<World> {
    const world = await joinHere({
      launch: {
        launcher: "flm",
        rank,
        world_size: this.world_size,
        local_rank: rank,
        local_world_size: this.world_size,
        node_rank: 0,
        ranks_to_start: 1,
        master_address: "127.0.0.1",
        master_port: this.port,
        job_id: "test",
        attempt: 0,
        reason: "",
        ...launch,
      },
      config_hash: "c0ffee",
      seen_epoch: 0,
      endpoint: { port: 7000 + rank },
      secret_file: null,
      timeout_seconds: 20,
      host: `host ${rank}`,
      onWarning: (message) => this.warnings.push(message),
      ...changes,
    });
    onTestFinished(() => world.close());
    return world;
  }

  /** A rank that has said that it wants in, and does nothing more of its own. */
  async knock(
    rank: number,
    identity: Partial<Identity> = {},
  ): Promise<{ frames: FrameSocket; channel: Channel }> {
    const frames = new FrameSocket(await knock(this.port));
    const keys = await greetStore(frames, Buffer.alloc(0), {
      job: "test",
      rank,
      version,
      seen_epoch: 0,
      attempt: 0,
      ...identity,
    });
    const channel = new Channel(frames, keys);
    const { world_size } = this;
    channel.send({
      type: "join",
      host: `host ${rank}`,
      world_size,
      config_hash: "c0ffee",
      endpoint: null,
    } satisfies Join);
    return { frames, channel };
  }

  joinAll(changes: (rank: number) => Changes = () => ({})): Promise<World[]> {
    const ranks = Array.from({ length: this.world_size }, (_, rank) => rank);
    return Promise.all(ranks.map((rank) => this.join(rank, changes(rank))));
  }
}

/** What a rank of this world is told when it ends. */
export function endOf(world: World): Promise<string> {
  return new Promise((resolve) => world.onAbort((reason) => resolve(reason.message)));
}
