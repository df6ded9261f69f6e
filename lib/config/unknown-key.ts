import { formatPath, type Finding } from "./finding.ts";
import { nearest } from "./nearest.ts";
import { itemsOf, propertiesOf, schemaAt, valueKeys, type Path } from "./schema/walk.ts";

/** The finding for a key that the schema does not have; the last segment of `path` is that key. */
export function unknownKey(path: Path): Finding {
  const name = String(path.at(-1));
  return { path, problem: `unknown key \`${name}\``, remedy: suggestion(path), unknownKey: true };
}

/** The key that was probably meant instead of the last of `path`. */
export function nearestSibling(path: Path): string | undefined {
  return nearest(String(path.at(-1)), siblings(path));
}

function siblings(path: Path): readonly string[] {
  const parent = schemaAt(path.slice(0, -1));
  return Object.keys((parent && propertiesOf(parent)) ?? {});
}

function suggestion(path: Path): string {
  if (path.at(-1) === "<<") return "YAML's merge keys are not read; write the keys out";
  const near = nearestSibling(path);
  if (near !== undefined) return `did you mean \`${near}\`?`;
  const parentPath = path.slice(0, -1);
  const parent = schemaAt(parentPath);
  if (parent !== undefined && itemsOf(parent) !== undefined) {
    const inFirst = [...parentPath, 0, ...path.slice(-1)];
    if (schemaAt(inFirst) === undefined) return "items of a list are numbered from 0";
    return `did you mean \`${formatPath(inFirst)}\`? Items of a list are numbered from 0`;
  }
  const elsewhere = namesakeOf(path);
  if (elsewhere !== undefined) return `did you mean \`${elsewhere}\`?`;
  const keys = siblings(path);
  return keys.length === 0 ? "nothing can be set below it" : `the keys here are ${keys.join(", ")}`;
}

/** The place of a key of the same name that was meant in all likelihood. */
function namesakeOf(path: Path): string | undefined {
  const paths = valueKeys().flatMap((entry) => (entry.name === path.at(-1) ? entry.path : []));
  const below = paths.filter((other) => other.startsWith(`${formatPath(path.slice(0, -1))}.`));
  if (below.length > 0) return below[0];
  // A key that is set once for all stages is meant more often than a stage's own.
  const once = paths.filter((other) => !other.includes("[]"));
  // Of several, such as the `type` of a tokenizer and of a schedule, none is likelier than the keys here.
  const [only, another] = once.length > 0 ? once : paths;
  if (only === undefined || another !== undefined) return undefined;
  return only.includes(".")
    ? only
    : `${only}\` at the top level, in place of \`${formatPath(path)}`;
}
