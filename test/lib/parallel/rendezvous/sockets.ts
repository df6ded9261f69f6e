import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** The two ends of a TCP connection, for one test. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const client = connectTo((server.address() as AddressInfo).port);
  const [served] = await accepted;
  server.close();
  served.on("error", () => {});
  onTestFinished(() => void served.destroy());
  return [client, served];
}

/** Connects as soon as somebody listens. */
export async function knock(port: number): Promise<Socket> {
  for (;;) {
    const socket = connectTo(port);
    const isConnected = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    if (isConnected) return socket;
  }
}

export interface Relay {
  port: number;
  /** What came through it towards `to`. */
  said: Buffer[];
  /** Keeps the connections, but lets nothing through any more. */
  fallSilent(): void;
}

/** A way to `to` that the test can listen in on and cut. */
export async function relayTo(to: number): Promise<Relay> {
  const said: Buffer[] = [];
  const ends: Socket[] = [];
  const server = createServer((near) => {
    const far = connectTo(to);
    near.on("error", () => {});
    near.on("data", (chunk) => said.push(chunk));
    near.pipe(far).pipe(near);
    ends.push(near, far);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return {
    port: (server.address() as AddressInfo).port,
    said,
    fallSilent: () => ends.forEach((end) => end.unpipe().pause()),
  };
}

/** A connection of the test's own, without any protocol. */
export function connectTo(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  // The other side may end it in any way it likes.
  socket.on("error", () => {});
  socket.resume();
  onTestFinished(() => void socket.destroy());
  return socket;
}
