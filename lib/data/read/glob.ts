import { isUtf8 } from "node:buffer";
import { type Dirent, lstatSync, readdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { FlmError, ioError } from "../../errors.ts";
import { printable } from "../../format.ts";

/** Any number of directories, none included. */
const ANY_DEPTH = "**";

/**
 * Absolute paths of the files that an absolute path or pattern names, sorted and without repetitions; empty if
 * there are none.
 *
 * A path that exists is taken literally, and a directory stands for all files below it. Otherwise `*` and `?` match
 * within a name, `**` any number of directories, `{a,b}` either text, and a trailing slash asks for directories.
 * Wildcards pass over names that begin with a dot unless the pattern writes the dot, and `**` does not follow
 * symbolic links, so that it cannot run in circles.
 *
 * @throws FlmError IO for a directory that cannot be listed, and for a name that matches but cannot be inspected, such as
 *   a link that leads nowhere; DATA_INVALID for one that matches but is not UTF-8
 */
export function findFiles(pattern: string): string[] {
  const found = new Set<string>();
  const literal = statOf(pattern);
  if (literal?.isFile()) return [pattern];
  if (literal) collect(pattern, [ANY_DEPTH, "*"], found);
  else for (const plain of expandBraces(pattern)) collect("/", segmentsOf(plain), found);
  return [...found].sort();
}

/** Every text that `{a,b}` groups stand for; they may be nested. Braces without a comma are plain characters. */
export function expandBraces(pattern: string): string[] {
  for (let open = pattern.indexOf("{"); open >= 0; open = pattern.indexOf("{", open + 1)) {
    const group = braceGroup(pattern, open);
    if (group === undefined || group.parts.length < 2) continue;
    const head = pattern.slice(0, open);
    const tail = pattern.slice(group.end);
    return group.parts.flatMap((part) => expandBraces(head + part + tail));
  }
  return [pattern];
}

function braceGroup(pattern: string, open: number): { parts: string[]; end: number } | undefined {
  const parts: string[] = [];
  let depth = 0;
  let begin = open + 1;
  for (let i = open; i < pattern.length; i++) {
    const character = pattern[i];
    if (character === "{") depth++;
    else if (character === "}") depth--;
    const closes = depth === 0;
    if (closes || (character === "," && depth === 1)) {
      parts.push(pattern.slice(begin, i));
      begin = i + 1;
    }
    if (closes) return { parts, end: begin };
  }
  return undefined;
}

function segmentsOf(pattern: string): string[] {
  const segments = pattern
    .split("/")
    .filter((segment) => segment !== "" && segment !== ".")
    // Repeated ** mean the same as one, and would only multiply the work.
    .filter((segment, i, all) => segment !== ANY_DEPTH || all[i - 1] !== ANY_DEPTH);
  if (pattern.endsWith("/") && segments.at(-1) !== ANY_DEPTH) segments.push(ANY_DEPTH);
  if (segments.at(-1) === ANY_DEPTH) segments.push("*");
  return segments;
}

/** Adds the files below `directory` that the segments name. */
function collect(directory: string, segments: readonly string[], found: Set<string>): void {
  const [segment, ...rest] = segments;
  if (segment === undefined) return;
  if (segment === ANY_DEPTH) {
    collect(directory, rest, found);
    for (const entry of entriesOf(directory))
      if (entry.isDirectory() && !entry.name.startsWith("."))
        collect(pathOf(directory, entry), segments, found);
    return;
  }
  const isLast = rest.length === 0;
  for (const path of matchesOf(directory, segment, isLast)) {
    if (!isLast) collect(path, rest, found);
    else if (isFile(path)) found.add(path);
  }
}

/** Paths that a segment may stand for: as the last one for files, otherwise for directories. */
function matchesOf(directory: string, segment: string, isLast: boolean): string[] {
  if (!/[*?]/.test(segment)) return [join(directory, segment)];
  const expression = segmentExpression(segment);
  return entriesOf(directory)
    .filter((entry) => !(isLast ? entry.isDirectory() : entry.isFile()))
    .filter((entry) => expression.test(entry.name))
    .map((entry) => pathOf(directory, entry));
}

function segmentExpression(segment: string): RegExp {
  const source = segment
    .replace(/[\\^$.+()[\]{}|]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replace(/\?/g, ".");
  const hidden = segment.startsWith(".") ? "" : "(?!\\.)";
  return new RegExp(`^${hidden}${source}$`, "su");
}

interface Entry {
  /** What is not UTF-8 in it became U+FFFD. */
  readonly name: string;
  readonly isIntact: boolean;
  isFile(): boolean;
  isDirectory(): boolean;
}

/** None where there is no directory, which a pattern cannot know. */
function entriesOf(directory: string): Entry[] {
  let entries: Dirent<Buffer>[];
  try {
    entries = readdirSync(directory, { withFileTypes: true, encoding: "buffer" });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(code)) return [];
    throw ioError("list", directory, cause);
  }
  return entries.map((entry) => ({
    name: entry.name.toString(),
    isIntact: isUtf8(entry.name),
    isFile: () => entry.isFile(),
    isDirectory: () => entry.isDirectory(),
  }));
}

/** A name that is not UTF-8 gives no path that could be opened. */
function pathOf(directory: string, { name, isIntact }: Entry): string {
  if (isIntact) return join(directory, name);
  throw new FlmError(
    "DATA_INVALID",
    `${directory} holds a name that is not UTF-8: ${printable(name)}`,
    { hint: "rename it, or leave it out with a narrower data.sources[].path" },
  );
}

/** Whether there is a file, or a link to one. @throws FlmError IO for a link that leads nowhere */
function isFile(path: string): boolean {
  try {
    const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    return isThere && statSync(path).isFile();
  } catch (cause) {
    throw ioError("inspect", path, cause);
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
