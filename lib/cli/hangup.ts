import { isatty } from "node:tty";

/**
 * What the end of a terminal does. A command that was typed into it ends as SIGTERM ends it, so that training saves. One
 * without a terminal goes on, which is what `nohup` asks for: node forgets that it was told to ignore SIGHUP.
 */
export function handleHangup(): void {
  const hasTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
  process.on("SIGHUP", () => {
    if (hasTerminal) process.kill(process.pid, "SIGTERM");
  });
}
