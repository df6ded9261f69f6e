import { ExitCode } from "../../errors.ts";
import type { RankExit } from "./rank-process.ts";

/** How the local ranks of a job ended. */
export interface LocalOutcome {
  /** That of the rank that failed; 0 where none did, 75 where a signal ended it. */
  exit_code: number;
  /** Which rank failed and how, with its last lines; null where none did. */
  message: string | null;
}

/** @param exits of all local ranks, in the order in which they came */
export function judge(exits: readonly RankExit[]): LocalOutcome {
  const failed = exits.filter(({ code, was_stopped }) => code !== 0 && !was_stopped);
  // A rank that leaves with "try again" says that it lost a peer: the peer is the cause, though it may come later.
  const cause = failed.find(({ code }) => code !== ExitCode.try_again) ?? failed[0];
  if (cause === undefined) return { exit_code: ExitCode.done, message: null };
  const how = cause.signal === null ? `exit code ${cause.code}` : `signal ${cause.signal}`;
  const lines = cause.last_lines.map((line) => `\n[${cause.rank}] ${line}`).join("");
  return {
    exit_code: cause.code ?? ExitCode.try_again,
    message: `rank ${cause.rank} ended with ${how}${lines && `; its last lines:${lines}`}`,
  };
}
