import { hostname } from "node:os";
import type { FlmError } from "../../errors.ts";
import { version as ownVersion } from "../../version.ts";
import { storeAddress } from "./address.ts";
import { Member } from "./member.ts";
import { asError, type Call } from "./messages.ts";
import { type JoinOptions, TIMING } from "./options.ts";
import { readSecret } from "./secret.ts";
import { Store } from "./store.ts";
import type { WaitOptions, World } from "./world.ts";

/**
 * Joins the world on this thread. `joinWorld` does it in a thread of its own, so that heartbeats go on while
 * JavaScript is busy.
 *
 * @throws FlmError ENVIRONMENT where ranks do not fit together, COMM_TIMEOUT where some do not come; both name them
 */
export async function joinHere(options: JoinOptions): Promise<World> {
  const { launch, config_hash, seen_epoch, endpoint, version = ownVersion } = options;
  const { rank, world_size, attempt, job_id } = launch;
  const timing = { ...TIMING, ...options.timing };
  const { address, port } = await storeAddress(launch);
  const secret = readSecret(options.secret_file ?? process.env.FLM_SECRET_FILE ?? null, address);
  const identity = { job: job_id ?? "", rank, version, seen_epoch, attempt };
  const host = options.host ?? hostname();
  const join = { type: "join" as const, host, world_size, config_hash, endpoint };
  const join_ms = options.timeout_seconds * 1000;
  const store =
    rank > 0
      ? null
      : await Store.listen({
          address,
          port,
          socket: options.store_socket ?? null,
          secret,
          reference: { identity, join },
          join_ms,
          watchdog_ms: (options.watchdog_seconds ?? options.timeout_seconds) * 1000,
          timing,
          onWarning: options.onWarning ?? (() => {}),
        });
  try {
    const place = { address, port, secret, identity, join, join_ms };
    return new JoinedWorld(options, await Member.join(place, timing), store);
  } catch (error) {
    await store?.whenAllDismissed(timing.silence_ms);
    await store?.close();
    throw error;
  }
}

class JoinedWorld implements World {
  readonly rank: number;
  readonly world_size: number;
  readonly local_rank: number;
  readonly epoch: number;
  readonly roster: readonly unknown[];
  readonly hosts: readonly string[];
  readonly #timeoutSeconds: number;
  readonly #member: Member;
  readonly #store: Store | null;

  constructor({ launch, timeout_seconds }: JoinOptions, member: Member, store: Store | null) {
    this.rank = launch.rank;
    this.world_size = launch.world_size;
    this.local_rank = launch.local_rank;
    this.epoch = member.epoch;
    this.roster = member.endpoints;
    this.hosts = member.hosts;
    this.#timeoutSeconds = timeout_seconds;
    this.#member = member;
    this.#store = store;
  }

  async gather(key: string, value: unknown, options?: WaitOptions): Promise<unknown[]> {
    return (await this.#call("gather", key, value, options)) as unknown[];
  }

  broadcast(key: string, value: unknown, options?: WaitOptions): Promise<unknown> {
    return this.#call("broadcast", key, this.rank === 0 ? value : null, options);
  }

  async barrier(key: string, options?: WaitOptions): Promise<void> {
    await this.#call("barrier", key, null, options);
  }

  progress(step: number): void {
    this.#member.progress(step);
  }

  abort(reason: FlmError | string): void {
    this.#member.abort(asError(reason));
  }

  onAbort(listener: (reason: FlmError) => void): void {
    this.#member.onAbort(listener);
  }

  async close(): Promise<void> {
    await this.#member.leave();
    await this.#store?.whenOver(this.#timeoutSeconds * 1000);
    await this.#store?.close();
  }

  #call(
    verb: Call["verb"],
    key: string,
    value: unknown,
    { timeout_seconds = this.#timeoutSeconds, ranks }: WaitOptions = {},
  ): Promise<unknown> {
    const meeting = ranks === undefined ? {} : { ranks };
    return this.#member.call({ verb, key, value, timeout_ms: timeout_seconds * 1000, ...meeting });
  }
}
