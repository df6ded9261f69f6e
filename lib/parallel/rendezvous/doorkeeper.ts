import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { FlmError } from "../../errors.ts";
import { Channel } from "./channel.ts";
import { FrameSocket } from "./frame-socket.ts";
import { admitRank, type Identity } from "./handshake.ts";

const RETRY_MS = 100;
/** A source that knocks again and again is reported this seldom, and so many sources are remembered. */
const REPORT_INTERVAL_MS = 60_000;
const MAX_REPORTED = 1000;

export interface DoorkeeperOptions {
  address: string;
  port: number;
  /** A descriptor that listens there already, which the door takes over; null opens the port. */
  socket: number | null;
  secret: Buffer;
  job: string;
  /** Connections at the same time. Beyond it the oldest that has not proved the secret goes. */
  max_sockets: number;
  handshake_ms: number;
  /** How long to wait for a port that is in use: a rank 0 that has just ended may still hold it. */
  listen_ms: number;
  onRank(identity: Identity, channel: Channel): void;
  onWarning(message: string): void;
}

/** Listens, and lets those in who prove the secret. Everybody else costs a bounded time and a bounded memory. */
export class Doorkeeper {
  readonly #options: DoorkeeperOptions;
  readonly #server: Server;
  /** In the order in which they came. */
  readonly #strangers = new Set<FrameSocket>();
  readonly #reported = new Map<string, number>();
  readonly #admitted = new Set<Socket>();

  /** @throws FlmError ENVIRONMENT where nobody can listen there */
  static async open(options: DoorkeeperOptions): Promise<Doorkeeper> {
    return new Doorkeeper(options, await listen(options));
  }

  private constructor(options: DoorkeeperOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    server.on("connection", (socket) => void this.#meet(socket));
  }

  /** Listens no longer, and ends every connection. */
  close(): void {
    this.#server.close();
    for (const stranger of this.#strangers) stranger.destroy("the store has closed");
    for (const socket of this.#admitted) socket.destroy();
  }

  async #meet(socket: Socket): Promise<void> {
    const { max_sockets, secret, job, handshake_ms, onRank } = this.#options;
    const frames = new FrameSocket(socket);
    const { peer } = frames;
    this.#strangers.add(frames);
    if (this.#strangers.size + this.#admitted.size > max_sockets)
      [...this.#strangers][0]!.destroy("too many connections");
    const limit = setTimeout(
      () => frames.destroy(`no handshake within ${handshake_ms / 1000} s`),
      handshake_ms,
    );
    try {
      const { identity, keys } = await admitRank(frames, secret, job);
      this.#admitted.add(socket);
      socket.once("close", () => this.#admitted.delete(socket));
      onRank(identity, new Channel(frames, keys));
    } catch (error) {
      frames.destroy("refused");
      this.#report(peer, error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(limit);
      this.#strangers.delete(frames);
    }
  }

  #report(peer: string, reason: string): void {
    const source = peer.replace(/:\d+$/, "");
    const now = performance.now();
    const last = this.#reported.get(source);
    if (last !== undefined && now - last < REPORT_INTERVAL_MS) return;
    if (this.#reported.size >= MAX_REPORTED) this.#reported.clear();
    this.#reported.set(source, now);
    this.#options.onWarning(`refused a connection from ${peer}: ${reason}`);
  }
}

async function listen(options: DoorkeeperOptions): Promise<Server> {
  const { address, port, socket, listen_ms, onWarning } = options;
  const deadline = performance.now() + listen_ms;
  for (let attempt = 0; ; ++attempt) {
    const server = createServer().listen(
      socket === null ? { port, host: address } : { fd: socket },
    );
    try {
      await once(server, "listening");
      return server;
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && performance.now() < deadline) {
        if (attempt === 0) onWarning(`${address}:${port} is in use; waiting until it is free`);
        await delay(RETRY_MS);
        continue;
      }
      throw new FlmError("ENVIRONMENT", `rank 0 cannot listen on ${address}:${port}: ${message}`, {
        hint:
          code === "EADDRNOTAVAIL"
            ? "MASTER_ADDR has to name the machine of rank 0"
            : "choose another port with MASTER_PORT, the same for every rank",
        cause,
      });
    }
  }
}
