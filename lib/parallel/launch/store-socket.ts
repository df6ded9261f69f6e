import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** Where rank 0 finds the number of the descriptor on which its store listens. */
export const STORE_FD = "FLM_STORE_FD";

export interface StoreSocket {
  fd: number;
  port: number;
  /** In this process alone. */
  close(): void;
}

/**
 * The socket on which the store of ranks that start here will listen. It is handed to rank 0 open: a port that was only
 * looked up could be another's by the time rank 0 listens, even that of a sister rank's communicator.
 */
export async function openStoreSocket(host: string): Promise<StoreSocket> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  // Node has no public name for it, and no other way to hand a listening socket to a program of any kind.
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  const { port } = server.address() as AddressInfo;
  return { fd, port, close: () => void server.close() };
}

/** The descriptor that the supervisor has left open for this process, once: whoever takes it closes it. */
export function takeStoreSocket(env: NodeJS.ProcessEnv = process.env): number | null {
  const descriptor = env[STORE_FD];
  delete env[STORE_FD];
  return descriptor === undefined ? null : Number(descriptor);
}
