import { isScalar, parseDocument } from "yaml";
import { counted } from "../format.ts";
import type { Finding } from "./finding.ts";
import { schemaAt, type Path } from "./schema/walk.ts";
import { unknownKey } from "./unknown-key.ts";

/** One `--set path=value`. */
export interface Override {
  readonly path: Path;
  readonly value: unknown;
  /** As the user wrote it. */
  readonly text: string;
}

/**
 * Reads `stages.0.tokens=400k`. The value is a YAML scalar, list or mapping in flow style; text
 * that is none of these stands for itself, so that `data.sources.0.path=*.md` needs no quotes. Nor
 * does text that YAML would take apart: `issue #5` is no value with a comment.
 */
export function parseOverride(text: string): Override | Finding {
  const equals = text.indexOf("=");
  if (equals < 1)
    return {
      path: [],
      problem: "an override needs a path and a value",
      remedy: "write it as path=value, for example --set optimizer.lr=3e-4",
    };
  const path = text
    .slice(0, equals)
    .split(".")
    .map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment));
  for (let length = 1; length <= path.length; length++)
    if (schemaAt(path.slice(0, length)) === undefined) return unknownKey(path.slice(0, length));
  return { path, value: parseValue(text.slice(equals + 1)), text };
}

function parseValue(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false });
  if (document.errors.length > 0) return text;
  try {
    const value: unknown = document.toJS();
    if (/^\s*[[{]/.test(text)) return value;
    const { contents } = document;
    if (contents === null) return text.trim() === "" ? value : text;
    if (!isScalar(contents)) return text;
    const isQuoted = /^\s*["']/.test(text);
    return isQuoted || contents.source === text.trim() ? value : text;
  } catch {
    return text; // An alias such as *.md, which has no anchor here.
  }
}

/**
 * Puts the override's value into `root`, making sections on the way.
 *
 * @returns what is wrong when the path leads past the end of a list or below a plain value.
 */
export function applyOverride(
  root: Record<string, unknown>,
  { path, value }: Override,
): Finding | undefined {
  let parent: Record<string | number, unknown> | unknown[] = root;
  for (const [i, segment] of path.entries()) {
    const here = path.slice(0, i + 1);
    if (Array.isArray(parent) !== (typeof segment === "number"))
      return { path: here, problem: "cannot be set: what is above it has no such part" };
    if (Array.isArray(parent) && (segment as number) > parent.length)
      return {
        path: here,
        problem: `cannot be set: the list has ${counted(parent.length, "item")}`,
        remedy: `the next is number ${parent.length}, as they count from 0`,
      };
    const container = parent as Record<string | number, unknown>;
    if (i === path.length - 1) container[segment] = value;
    else {
      const child = container[segment];
      if (typeof child !== "object" || child === null)
        container[segment] = typeof path[i + 1] === "number" ? [] : {};
      parent = container[segment] as Record<string, unknown> | unknown[];
    }
  }
  return undefined;
}
