import { type ChildProcess, spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { FlmError } from "../../errors.ts";
import { LIFELINE } from "./lifeline.ts";
import { prefixLines } from "./line-prefix.ts";
import { STORE_FD } from "./store-socket.ts";

/** Descriptors of a rank, after stdin, stdout and stderr. */
const LIFELINE_FD = 3;
const SECRET_FD = 4;
const STORE_SOCKET_FD = 5;

/** Lines of a rank that are said again when it fails: the end of a stack, not a log. */
const LAST_LINES = 12;

/** How long after a rank's end its last words may still arrive. */
const DRAIN_MS = 1000;

export interface RankExit {
  rank: number;
  /** null where a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** True where it is this supervisor's signal that ended it: that says nothing about the cause. */
  was_stopped: boolean;
  last_lines: readonly string[];
}

export interface RankStart {
  rank: number;
  command: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Descriptor of the job's secret; null where the user has one. */
  secret: number | null;
  /** Descriptor on which rank 0's store listens; null for other ranks, and where the user chose a port. */
  store: number | null;
  /** Where the lines of other ranks than 0 go. Rank 0 has this process's stdout and stderr. */
  stderr: Writable;
}

/** One rank as a child process. */
export class RankProcess {
  readonly rank: number;
  /** Settles when the process has ended and everything it said has been read. */
  readonly exit: Promise<RankExit>;
  readonly #child: ChildProcess;
  readonly #lastLines: string[] = [];
  readonly #stops = new Set<NodeJS.Signals>();

  /** @throws FlmError ENVIRONMENT, through `exit`, where the process cannot be started. */
  constructor({ rank, command, env, secret, store, stderr }: RankStart) {
    this.rank = rank;
    const [program, ...args] = command as [string, ...string[]];
    const output = rank === 0 ? "inherit" : "pipe";
    this.#child = spawn(program, args, {
      // In a process group of its own: a terminal's Ctrl-C comes once, from the supervisor, and not twice.
      detached: true,
      stdio: ["ignore", output, output, "pipe", secret ?? "ignore", store ?? "ignore"],
      env: {
        ...env,
        [LIFELINE]: String(LIFELINE_FD),
        ...(secret === null ? {} : { FLM_SECRET_FILE: `/dev/fd/${SECRET_FD}` }),
        ...(store === null ? {} : { [STORE_FD]: String(STORE_SOCKET_FD) }),
      },
    });
    // There are no streams at all where the process could not be started.
    this.#child.stdio?.[LIFELINE_FD]?.on("error", () => {
      // The rank has gone; "close" says how.
    });
    for (const from of [this.#child.stdout, this.#child.stderr])
      if (from) prefixLines(from, stderr, `[${rank}] `, (line) => this.#remember(line));
    this.exit = this.#watch();
  }

  /** Passes a signal of the user's on. */
  forward(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends the rank because another one has failed. */
  stop(signal: "SIGTERM" | "SIGKILL"): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#stops.add(signal);
    this.#child.kill(signal);
  }

  #remember(line: string): void {
    this.#lastLines.push(line);
    if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
  }

  #watch(): Promise<RankExit> {
    const { rank } = this;
    return new Promise((resolve, reject) => {
      this.#child.once("error", (cause) =>
        reject(
          new FlmError("ENVIRONMENT", `cannot start rank ${rank}: ${cause.message}`, { cause }),
        ),
      );
      const done = (code: number | null, signal: NodeJS.Signals | null) => {
        for (const stream of this.#child.stdio) stream?.destroy();
        resolve({
          rank,
          code,
          signal,
          was_stopped: signal !== null && this.#stops.has(signal),
          last_lines: this.#lastLines,
        });
      };
      // "close" waits for the last of what was said; a descendant that holds the rank's stderr must not hold us.
      this.#child.once("close", done);
      this.#child.once("exit", (code, signal) =>
        setTimeout(() => done(code, signal), DRAIN_MS).unref(),
      );
    });
  }
}
