import * as z from "zod";
import { configSchema } from "./index.ts";

/** The part of JSON Schema (draft 7) that describes the config. */
export interface JsonSchema {
  type?: string;
  description?: string;
  default?: unknown;
  "x-default"?: string;
  enum?: readonly string[];
  properties?: Record<string, JsonSchema>;
  required?: readonly string[];
  /** What keys of any name hold; false where only those of `properties` may be. */
  additionalProperties?: JsonSchema | false;
  items?: JsonSchema;
  anyOf?: readonly JsonSchema[];
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  exclusiveMaximum?: number;
}

let cached: JsonSchema | undefined;

/** JSON Schema of what a user may write. */
export function configJsonSchema(): JsonSchema {
  cached ??= z.toJSONSchema(configSchema, {
    io: "input",
    target: "draft-7",
    override: ({ jsonSchema }) => {
      // Every integer of the schema is a safe one; editors gain nothing from reading that bound.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  }) as JsonSchema;
  return cached;
}
