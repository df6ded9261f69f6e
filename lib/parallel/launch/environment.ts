import { FlmError } from "../../errors.ts";

/** Set where one supervisor shows what all ranks of the job say: what one has said, another need not say again. */
export const ONE_OUTPUT = "FLM_ONE_OUTPUT";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A number, and the variable that it was read from: an error has to name both. */
export interface Variable {
  name: string;
  value: number;
}

/** @throws FlmError ENVIRONMENT where the variable is set to anything but a whole number from 0 up. */
export function readCount(env: Environment, name: string): Variable | null {
  const text = env[name];
  if (text === undefined || text === "") return null;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new FlmError("ENVIRONMENT", `${name}=${JSON.stringify(text)} is not a whole number`, {
      hint: `unset ${name}, or start every rank with the launcher that sets it`,
    });
  return { name, value };
}

/** The first of `names` that is set. */
export function readFirstCount(env: Environment, ...names: readonly string[]): Variable | null {
  for (const name of names) {
    const found = readCount(env, name);
    if (found) return found;
  }
  return null;
}

/** @throws FlmError ENVIRONMENT where `name` is missing although `given` is there. */
export function needCount(env: Environment, name: string, given: string): Variable {
  const found = readCount(env, name);
  if (found) return found;
  throw new FlmError("ENVIRONMENT", `${given}=${env[given]} is set, but ${name} is not`, {
    hint: `set ${name} too, or unset ${given} if no launcher started this process`,
  });
}

/** @throws FlmError ENVIRONMENT unless it is a TCP port that a rank can be told to use. */
export function readPort(env: Environment, ...names: readonly string[]): number | null {
  const port = readFirstCount(env, ...names);
  if (port && (port.value < 1 || port.value > 65_535))
    throw new FlmError("ENVIRONMENT", `${port.name}=${port.value} is not a TCP port`, {
      hint: "take one from 1 to 65535, the same for every rank",
    });
  return port?.value ?? null;
}

/** The first of `names` that is set and not empty. */
export function readText(env: Environment, ...names: readonly string[]): string | null {
  for (const name of names) if (env[name]) return env[name];
  return null;
}
