import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { FlmError } from "../../errors.ts";
import type { ChannelKeys } from "./channel.ts";
import type { FrameSocket } from "./frame-socket.ts";

const PROTOCOL = "flm-rendezvous-2";
const NONCE_BYTES = 32;

/** What a rank says of itself before it is trusted, and proves together with the secret. */
export interface Identity {
  job: string;
  rank: number;
  version: string;
  /** The highest epoch of a checkpoint that this rank can see. */
  seen_epoch: number;
  /** How often the launcher has restarted the job. */
  attempt: number;
}

type Hello = Identity & { protocol: string; nonce: string };
type Challenge = { nonce: string; proof: string };
type Answer = { proof: string };

type Role = "store" | "rank" | "store key" | "rank key";

/**
 * The rank's side. Both sides send a nonce and prove the secret over role, nonces and identity; the store first.
 *
 * @throws FlmError ENVIRONMENT where the store does not know the secret; Error where the connection ends
 */
export async function greetStore(
  frames: FrameSocket,
  secret: Buffer,
  identity: Identity,
): Promise<ChannelKeys> {
  const nonce = randomBytes(NONCE_BYTES).toString("hex");
  say(frames, { protocol: PROTOCOL, nonce, ...identity } satisfies Hello);
  const challenge = parse(await frames.next()) as Partial<Challenge>;
  const nonces = [nonce, String(challenge.nonce)];
  if (!provesIt(challenge.proof, prove(secret, "store", nonces, identity))) {
    say(frames, { proof: "" } satisfies Answer);
    throw new FlmError(
      "ENVIRONMENT",
      `rank ${identity.rank} and the store at ${frames.peer} do not know the same secret of the same job`,
      {
        hint: "give every rank the same content in distributed.secret_file or FLM_SECRET_FILE, and each job a port of its own (MASTER_PORT)",
      },
    );
  }
  const proof = prove(secret, "rank", nonces, identity).toString("hex");
  say(frames, { proof } satisfies Answer);
  return {
    send: prove(secret, "rank key", nonces, identity),
    receive: prove(secret, "store key", nonces, identity),
  };
}

/**
 * The store's side.
 *
 * @throws Error that says what is wrong with the other side
 */
export async function admitRank(
  frames: FrameSocket,
  secret: Buffer,
  job: string,
): Promise<{ identity: Identity; keys: ChannelKeys }> {
  const hello = readHello(parse(await frames.next()) as Partial<Hello>);
  const nonce = randomBytes(NONCE_BYTES).toString("hex");
  const nonces = [hello.nonce, nonce];
  // The job is ours, not what the other side says: a rank of another job fails as one with another secret.
  const identity: Identity = { ...hello.identity, job };
  const proof = prove(secret, "store", nonces, identity).toString("hex");
  say(frames, { nonce, proof } satisfies Challenge);
  const answer = parse(await frames.next()) as Partial<Answer>;
  if (!provesIt(answer.proof, prove(secret, "rank", nonces, identity))) {
    const other =
      hello.identity.job === job ? "" : ` and is of job ${JSON.stringify(hello.identity.job)}`;
    throw new Error(`it says rank ${identity.rank}, but does not know this job's secret${other}`);
  }
  return {
    identity,
    keys: {
      send: prove(secret, "store key", nonces, identity),
      receive: prove(secret, "rank key", nonces, identity),
    },
  };
}

function prove(secret: Buffer, role: Role, nonces: readonly string[], identity: Identity): Buffer {
  const { job, seen_epoch, attempt, rank, version } = identity;
  // JSON, so that no two different lists have the same bytes.
  const text = JSON.stringify([role, ...nonces, job, seen_epoch, attempt, rank, version]);
  return createHmac("sha256", secret).update(text).digest();
}

function provesIt(proof: unknown, expected: Buffer): boolean {
  if (typeof proof !== "string" || proof.length !== expected.length * 2) return false;
  return timingSafeEqual(Buffer.from(proof, "latin1"), Buffer.from(expected.toString("hex")));
}

function readHello(hello: Partial<Hello>): { nonce: string; identity: Identity } {
  const { protocol, nonce, job, rank, version, seen_epoch, attempt } = hello;
  if (protocol !== PROTOCOL) throw new Error("it does not speak flm-train's protocol");
  const isCount = (value: unknown): value is number =>
    Number.isSafeInteger(value) && Number(value) >= 0;
  const isText = (value: unknown): value is string => typeof value === "string";
  if (
    !isText(nonce) ||
    !/^[0-9a-f]{64}$/.test(nonce) ||
    !isText(job) ||
    !isText(version) ||
    !isCount(rank) ||
    !isCount(seen_epoch) ||
    !isCount(attempt)
  )
    throw new Error("its first frame is malformed");
  return { nonce, identity: { job, rank, version, seen_epoch, attempt } };
}

function say(frames: FrameSocket, message: object): void {
  frames.send(Buffer.from(JSON.stringify(message)));
}

/** @throws Error where the frame is not one JSON object */
function parse(frame: Buffer): object {
  const value: unknown = JSON.parse(frame.toString("utf8"));
  if (typeof value === "object" && value !== null) return value;
  throw new Error("its frame is not an object");
}
