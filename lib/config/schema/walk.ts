import { configJsonSchema, type JsonSchema } from "./json-schema.ts";

export type Path = readonly (string | number)[];

/** `schema` and, for a choice such as "a mapping or null", its alternatives. */
function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  return schema.anyOf?.flatMap(alternatives) ?? [schema];
}

/** The keys of a section; undefined for anything that is not one. */
export function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> | undefined {
  return alternatives(schema).find((s) => s.properties !== undefined)?.properties;
}

/** What the items of a list are; undefined for anything that is not one. */
export function itemsOf(schema: JsonSchema): JsonSchema | undefined {
  return alternatives(schema).find((s) => s.items !== undefined)?.items;
}

/** What the values of a mapping from any names are; undefined for anything that is not one. */
function valuesOf(schema: JsonSchema): JsonSchema | undefined {
  const open = alternatives(schema).find((s) => s.additionalProperties);
  return open?.additionalProperties || undefined;
}

/** The schema at `path`, or undefined when no such key exists. */
export function schemaAt(path: Path): JsonSchema | undefined {
  let schema: JsonSchema | undefined = configJsonSchema();
  for (const segment of path) {
    if (schema === undefined) return undefined;
    if (typeof segment === "number") schema = itemsOf(schema);
    else {
      const properties: Record<string, JsonSchema> = propertiesOf(schema) ?? {};
      schema = Object.hasOwn(properties, segment) ? properties[segment] : valuesOf(schema);
    }
  }
  return schema;
}

export interface KeyEntry {
  /** `stages[].parallel.recompute` */
  readonly path: string;
  readonly name: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

/** Every key that holds a value (not a section), in the order of the schema. */
export function valueKeys(schema: JsonSchema = configJsonSchema(), prefix = ""): KeyEntry[] {
  const section = alternatives(schema).find((s) => s.properties !== undefined);
  return Object.entries(section?.properties ?? {}).flatMap(([name, child]) => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    if (propertiesOf(child) !== undefined) return valueKeys(child, path);
    const items = itemsOf(child);
    if (items?.properties !== undefined) return valueKeys(items, `${path}[]`);
    return [{ path, name, schema: child, required: section?.required?.includes(name) ?? false }];
  });
}
