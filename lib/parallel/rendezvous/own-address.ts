import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { FlmError } from "../../errors.ts";
import type { StoreAddress } from "./address.ts";

/**
 * This machine's address on the way to rank 0: where the other ranks can reach it, and nobody else has to. Nothing is
 * sent: connecting a datagram socket only asks the system for a route.
 *
 * @throws FlmError ENVIRONMENT where there is no route
 */
export async function ownAddress({ address, port }: StoreAddress): Promise<string> {
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  try {
    socket.connect(port, address);
    await once(socket, "connect");
    return socket.address().address;
  } catch (cause) {
    throw new FlmError(
      "ENVIRONMENT",
      `there is no route to rank 0 at ${address}: ${String(cause)}`,
      {
        hint: "check MASTER_ADDR and the network of this machine",
        cause,
      },
    );
  } finally {
    socket.close();
  }
}
