import { ExitCode } from "../../errors.ts";
import type { RankExit } from "./rank-process.ts";

/** How the local ranks of a job ended. */
export interface LocalOutcome {
  /** That of the rank that failed; 0 where none did, 75 where a signal ended it. */
  exit_code: number;
  /** Which rank failed and how, with its last lines; null where none did, or did only what it was told to. */
  message: string | null;
}

/**
 * @param exits of all local ranks, in the order in which they came
 * @param was_signalled whether the user has sent the ranks a signal
 */
export function judge(exits: readonly RankExit[], was_signalled: boolean): LocalOutcome {
  const failed = exits.filter(({ code, was_stopped }) => code !== 0 && !was_stopped);
  // A rank that leaves with "try again" says that it lost a peer: the peer is the cause, though it may come later.
  const consequences: (number | null)[] = [ExitCode.try_again];
  if (was_signalled) consequences.push(ExitCode.interrupted);
  const causes = failed.filter(({ code }) => !consequences.includes(code));
  // A rank that was only told of the failure says nothing. What rank 0 says does not come through here.
  const cause =
    causes.find(({ last_lines }) => last_lines.length > 0) ??
    causes.find(({ rank }) => rank === 0) ??
    causes[0];
  const first = failed[0];
  if (first === undefined) return { exit_code: ExitCode.done, message: null };
  if (cause === undefined && was_signalled) return { exit_code: first.code!, message: null };
  // Another may have said why, and been stopped while it ended.
  if (cause && cause.code !== null && cause.last_lines.length === 0) {
    const stopped = exits.filter(({ was_stopped }) => was_stopped);
    const speaker = stopped.find(({ last_lines }) => last_lines.some(isError));
    if (speaker) return blame({ ...speaker, code: cause.code, signal: null });
    if (stopped.some(({ rank }) => rank === 0))
      return { exit_code: cause.code, message: `the ranks ended with exit code ${cause.code}` };
  }
  return blame(cause ?? first);
}

function isError(line: string): boolean {
  return line.startsWith("error: ");
}

function blame({ rank, code, signal, last_lines }: RankExit): LocalOutcome {
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
  const lines = last_lines.map((line) => `\n[${rank}] ${line}`).join("");
  return {
    exit_code: code ?? ExitCode.try_again,
    message: `rank ${rank} ended with ${how}${lines && `; its last lines:${lines}`}`,
  };
}
