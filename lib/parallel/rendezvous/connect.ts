import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { FlmError } from "../../errors.ts";
import { Channel } from "./channel.ts";
import { FrameSocket } from "./frame-socket.ts";
import { greetStore, type Identity } from "./handshake.ts";
import { type FromRank, type FromStore, type Join, revive } from "./messages.ts";

const RETRY_MS = 100;

export interface ConnectOptions {
  address: string;
  port: number;
  secret: Buffer;
  identity: Identity;
  join: Join;
  /** How long the store waits for all ranks. */
  join_ms: number;
  handshake_ms: number;
  /** How much longer than the store a rank waits: the store knows who is missing, and says it. */
  patience_ms: number;
}

export interface Connection {
  channel: Channel;
  joined: Extract<FromStore, { type: "joined" }>;
}

/**
 * Connects to the store, again and again while rank 0 is not there yet, and waits until all ranks have joined.
 *
 * @throws FlmError ENVIRONMENT or COMM_PEER_LOST with the store's words where it refuses; COMM_TIMEOUT
 */
export async function connectToStore(options: ConnectOptions): Promise<Connection> {
  const { address, port, identity, join_ms, patience_ms } = options;
  const deadline = performance.now() + join_ms + patience_ms;
  for (;;) {
    let reason: string;
    try {
      return await tryOnce(options, deadline);
    } catch (error) {
      if (error instanceof FlmError) throw error;
      reason = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() + RETRY_MS > deadline)
      throw new FlmError(
        "COMM_TIMEOUT",
        `rank ${identity.rank} could not join rank 0 at ${address}:${port} within ${join_ms / 1000} s: ${reason}`,
        {
          hint: "look at what rank 0 printed; MASTER_ADDR and MASTER_PORT have to name its machine",
        },
      );
    await delay(RETRY_MS);
  }
}

/** @throws FlmError where it makes no sense to try again, any other Error where it does */
async function tryOnce(options: ConnectOptions, deadline: number): Promise<Connection> {
  const { address, port, secret, identity, join, handshake_ms } = options;
  const socket = connect(port, address);
  const limit = setTimeout(
    () => socket.destroy(new Error(`no handshake within ${handshake_ms / 1000} s`)),
    handshake_ms,
  );
  try {
    await once(socket, "connect");
    const frames = new FrameSocket(socket);
    const channel = new Channel(frames, await greetStore(frames, secret, identity));
    clearTimeout(limit);
    return { channel, joined: await enter(channel, join, deadline) };
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(limit);
  }
}

/** Says what this rank brings, and waits for the others. */
async function enter(
  channel: Channel,
  join: Join,
  deadline: number,
): Promise<Connection["joined"]> {
  channel.send(join satisfies FromRank);
  const ms = Math.max(0, deadline - performance.now());
  const limit = setTimeout(() => channel.destroy("the store did not say who is missing"), ms);
  try {
    const message = await channel.next<FromStore>();
    if (message.type === "joined") return message;
    if (message.type !== "refused") throw new Error(`the store answered ${message.type}`);
    throw message.later ? new Error(message.error.message) : revive(message.error);
  } finally {
    clearTimeout(limit);
  }
}
