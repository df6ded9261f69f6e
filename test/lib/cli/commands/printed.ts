import type { Command } from "commander";
import { onTestFinished, vi } from "vitest";

/** What a command writes to stdout, given these arguments. */
export async function printed(command: Command, ...args: string[]): Promise<string> {
  let text = "";
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((part) => {
    text += String(part);
    return true;
  });
  onTestFinished(() => spy.mockRestore());
  await command.parseAsync(args, { from: "user" });
  return text;
}
