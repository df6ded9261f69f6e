import { Alias, isMap, isNode, isSeq, LineCounter, parseDocument, Scalar, visit } from "yaml";
import type { Document, Node, Pair, YAMLError } from "yaml";
import { FlmError, type Issue } from "../errors.ts";
import { summarise, type Position } from "./finding.ts";
import type { Path } from "./schema/walk.ts";

/** A YAML file as plain data, with the place of every key and value. */
export interface YamlSource {
  readonly value: Record<string, unknown>;
  /** Where the value at `path` stands, or the nearest section around it that is in the file. */
  positionOf(path: Path): Position;
  /** Where the last key of `path` stands. */
  keyPositionOf(path: Path): Position;
}

/**
 * Parses YAML 1.2 whose root is a mapping.
 *
 * @param name how messages call the text, usually the file's path.
 * @throws FlmError CONFIG_INVALID for bad syntax, duplicate keys, an empty text or another root.
 */
export function parseYaml(text: string, name: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "error", // An odd key is told of as an unknown one.
  });
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (document.errors.length > 0) throw syntaxError(name, text, document.errors, position);
  refuseLostAliases(document, name, position);
  const { contents } = document;
  if (contents === null || (contents instanceof Scalar && contents.value === null))
    throw invalid(
      name,
      "is empty",
      "write a config, or let `flm-train init` write one to start from",
    );
  if (!isMap(contents)) {
    const found = isSeq(contents) ? "a list" : "a single value";
    throw invalid(name, `must be a mapping of keys, but is ${found}`, "start with `name: my-run`");
  }
  const offsetOf = (node: unknown) => (isNode(node) ? (node.range?.[0] ?? 0) : 0);
  return {
    value: toPlain(document, name),
    positionOf: (path) => position(offsetOf(walk(document, contents, path).value)),
    keyPositionOf: (path) => {
      const { key, value } = walk(document, contents, path);
      return position(offsetOf(key ?? value));
    },
  };
}

/** Follows `path` as far as the document goes. */
function walk(document: Document, root: Node, path: Path): { key?: unknown; value: unknown } {
  let here: { key?: unknown; value: unknown } = { value: root };
  for (const segment of path) {
    const node = here.value instanceof Alias ? here.value.resolve(document) : here.value;
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find((item) => keyText(item.key) === segment);
      if (pair === undefined) return here;
      // A key without a value has a null node of its own position; an absent one stands at its key.
      here = { key: pair.key, value: pair.value ?? pair.key };
    } else if (isSeq(node) && typeof segment === "number" && segment < node.items.length) {
      here = { value: node.items[segment] };
    } else return here;
  }
  return here;
}

function keyText(key: unknown): string {
  return String(key instanceof Scalar ? key.value : key);
}

function toPlain(document: Document, name: string): Record<string, unknown> {
  try {
    return unshared(document.toJS()) as Record<string, unknown>;
  } catch (cause) {
    // Aliases that expand without end.
    const isEndless = cause instanceof RangeError;
    const reason = isEndless ? "an alias holds itself" : (cause as Error).message;
    throw invalid(
      name,
      `cannot be read: ${reason}`,
      "write the values out instead of using aliases",
    );
  }
}

/** Text that begins with * is an alias to YAML, and mostly was meant as a pattern of files. */
function refuseLostAliases(
  document: Document,
  name: string,
  position: (offset: number) => Position,
): void {
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return;
      const place = position(alias.range![0]);
      const problem =
        `\`*${alias.source}\` at line ${place.line}, column ${place.column} is an alias to YAML, ` +
        "and there is no anchor of that name";
      throw new FlmError("CONFIG_INVALID", `${name}: ${problem}`, {
        hint: `quote text that begins with *: "*${alias.source}"`,
        issues: [{ path: "", message: problem, ...place }],
      });
    },
  });
}

/** An alias and its anchor are one object; they are parted so that `--set` changes one of them. */
function unshared(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(unshared);
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, unshared(child)]));
}

/** One bad character makes the parser complain about what follows too, so only the first is told. */
function syntaxError(
  name: string,
  text: string,
  errors: readonly YAMLError[],
  position: (offset: number) => Position,
): FlmError {
  const duplicates = errors.filter((error) => error.code === "DUPLICATE_KEY");
  const told = duplicates.length === errors.length ? duplicates : errors.slice(0, 1);
  const issues = told.map((error): Issue => {
    const place = position(error.pos[0]);
    const at = `at line ${place.line}, column ${place.column}`;
    return { path: "", message: describe(error, text, at), ...place };
  });
  return new FlmError("CONFIG_INVALID", summarise(name, issues), { issues });
}

function describe(error: YAMLError, text: string, at: string): string {
  if (error.code === "DUPLICATE_KEY") {
    const key = /^[^:\s]*/.exec(text.slice(error.pos[0]))![0];
    return `key \`${key}\` is given twice ${at}; keep one of them`;
  }
  if (error.code === "TAB_AS_INDENT" || text[error.pos[0]] === "\t")
    return `a tab is used as indentation ${at}; YAML wants spaces`;
  if (error.code === "MULTIPLE_DOCS")
    return `a second document begins ${at}; a config is one document, so remove the \`---\``;
  // The parser's own words for the end of its stack.
  if (/call stack/.test(error.message)) return `values are nested too deeply ${at}`;
  return `not valid YAML ${at}: ${error.message}`;
}

function invalid(name: string, problem: string, hint: string): FlmError {
  return new FlmError("CONFIG_INVALID", `${name} ${problem}`, {
    hint,
    issues: [{ path: "", message: problem }],
  });
}
