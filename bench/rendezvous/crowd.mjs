// Many ranks in one process: they prove the secret and call, and count the bytes that they are answered.
import { connect } from "node:net";
import { on, once } from "node:events";
import { Channel } from "../../dist/parallel/rendezvous/channel.js";
import { FrameSocket } from "../../dist/parallel/rendezvous/frame-socket.js";
import { greetStore } from "../../dist/parallel/rendezvous/handshake.js";
import { version } from "../../dist/version.js";

const RETRY_MS = 50;
const orders = on(process, "message");
const [{ port, world_size, ranks }] = await next();
const members = [];

await next();
await Promise.all(ranks.map(enter));
process.send(0);

await next();
process.send(
  await allHear(({ channel, host, endpoint }) =>
    channel.send({ type: "join", host, world_size, config_hash: "bench", endpoint }),
  ),
);

await next();
process.send(
  await allHear(({ channel, value }) =>
    channel.send({ type: "call", verb: "gather", key: "bench", value, timeout_ms: 600_000 }),
  ),
);

async function next() {
  return (await orders.next()).value;
}

async function enter(rank) {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      const frames = new FrameSocket(socket);
      const identity = { job: "bench", rank: rank.rank, version, seen_epoch: 0, attempt: 0 };
      const keys = await greetStore(frames, Buffer.alloc(0), identity);
      members.push({ ...rank, frames, channel: new Channel(frames, keys) });
      return;
    } catch {
      socket.destroy();
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Bytes of the next frame of all, after `say`. */
async function allHear(say) {
  const heard = members.map(({ frames }) => frames.next());
  for (const member of members) say(member);
  return (await Promise.all(heard)).reduce((sum, { length }) => sum + length, 0);
}
