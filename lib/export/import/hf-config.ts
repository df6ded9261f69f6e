import { FlmError } from "../../errors.ts";

/** The fields of a config.json, each checked when it is read. */
export class HfConfig {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;

  constructor(fields: Readonly<Record<string, unknown>>, path: string) {
    this.#fields = fields;
    this.#path = path;
  }

  /** Whether it has no field. */
  get isEmpty(): boolean {
    return Object.keys(this.#fields).length === 0;
  }

  /** Whether the file says anything of it, be it null. */
  has(key: string): boolean {
    return this.#fields[key] !== undefined;
  }

  /** A whole number from 1 on. `fallback` is for files that leave it out. */
  count(key: string, fallback?: number): number {
    const value = this.#fields[key] ?? fallback;
    if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
    throw this.#invalid(key, "a whole number from 1 on");
  }

  /** A number above 0. */
  positive(key: string, fallback?: number): number {
    const value = this.#fields[key] ?? fallback;
    if (typeof value === "number" && value > 0 && Number.isFinite(value)) return value;
    throw this.#invalid(key, "a number above 0");
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.#fields[key] ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.#invalid(key, "true or false");
  }

  text(key: string, fallback?: string): string {
    const value = this.#fields[key] ?? fallback;
    if (typeof value === "string") return value;
    throw this.#invalid(key, "a text");
  }

  /** One whole number from 0 on or a list of them; empty where it is absent or null. */
  ids(key: string): number[] {
    const value = this.#fields[key] ?? [];
    const ids: unknown[] = Array.isArray(value) ? value : [value];
    if (ids.every((id) => Number.isSafeInteger(id) && (id as number) >= 0)) return ids as number[];
    throw this.#invalid(key, "a token's id or a list of them");
  }

  /** The fields below a key; none where it is absent or null. */
  section(key: string): HfConfig {
    const value = this.#fields[key] ?? {};
    if (typeof value === "object" && !Array.isArray(value))
      return new HfConfig(value as Record<string, unknown>, `${this.#path}: ${key}`);
    throw this.#invalid(key, "an object");
  }

  /** @throws FlmError NOT_SUPPORTED where a field has a value that our models cannot express. */
  require(key: string, allowed: readonly unknown[]): void {
    const value = this.#fields[key];
    if (value === undefined || value === null || allowed.includes(value)) return;
    const choices = allowed.map((one) => JSON.stringify(one)).join(" or ");
    throw new FlmError(
      "NOT_SUPPORTED",
      `${this.#path}: ${key} is ${JSON.stringify(value)}; our models compute ${choices} alone`,
      { hint: "docs/export.md lists what can be imported" },
    );
  }

  #invalid(key: string, needed: string): FlmError {
    const value = this.#fields[key];
    const what = value === undefined ? `${key} is missing` : `${key} is ${JSON.stringify(value)}`;
    return new FlmError("CHECKPOINT_INVALID", `${this.#path}: ${what}; it must be ${needed}`, {
      hint: "restore the config.json that belongs to the weights",
    });
  }
}
