import type { Tokenizer } from "../../data/types.ts";
import { FlmError } from "../../errors.ts";
import type { StagePlan } from "../../growth/stage-plan.ts";
import { writeStreamed } from "../safetensors-writer.ts";
import { elementCount, type StreamedTensor } from "../streamed-tensor.ts";
import type { WeightSource } from "../weight-source.ts";
import { ggufLlamaFields, ggufLlamaTensors } from "./llama.ts";
import {
  BLOCK,
  encodedBytes,
  encodeValues,
  FILE_TYPE_IDS,
  type GgufType,
  TENSOR_TYPE_IDS,
} from "./quantize.ts";
import { ggufTokenizer } from "./tokenizer.ts";
import { GgufBytes, type GgufValue } from "./values.ts";

const MAGIC = 0x46554747; // "GGUF"
const VERSION = 3;
const QUANTIZATION_VERSION = 2;
/** Of the tensors' data. */
const ALIGNMENT = 32;

export interface GgufOptions {
  type: GgufType;
  /** The model's name. */
  name: string;
  /** Of a model that was tuned on conversations: Jinja that lays them out. */
  chat_template?: string;
}

/**
 * Writes a llama model for llama.cpp. Vectors stay f32; so do, in q8_0 files, matrices whose rows are no whole blocks.
 */
export async function writeGguf(
  path: string,
  plan: StagePlan,
  source: WeightSource,
  tokenizer: Tokenizer,
  { type, name, chat_template }: GgufOptions,
): Promise<void> {
  const fields: [string, GgufValue][] = [
    ["general.architecture", { type: "string", value: "llama" }],
    ["general.name", { type: "string", value: name }],
    ["general.file_type", { type: "u32", value: FILE_TYPE_IDS[type] }],
    ["general.quantization_version", { type: "u32", value: QUANTIZATION_VERSION }],
    ["general.alignment", { type: "u32", value: ALIGNMENT }],
    ...ggufLlamaFields(plan),
    ...ggufTokenizer(tokenizer, plan.shape.vocab_size),
  ];
  if (chat_template !== undefined)
    fields.push(["tokenizer.chat_template", { type: "string", value: chat_template }]);
  const tensors = [...ggufLlamaTensors(plan, source)].map((tensor) => ({
    tensor,
    type: storedType(tensor, type),
  }));
  await writeStreamed(path, async (write) => {
    await write(encodeHeader(fields, tensors));
    for (const stored of tensors) {
      let bytes = 0;
      for (const piece of stored.tensor.pieces()) {
        const encoded = encodeValues(piece, stored.type);
        bytes += encoded.length;
        await write(encoded);
      }
      if (bytes !== sizeOf(stored))
        throw new FlmError("INTERNAL", `${stored.tensor.name} has ${bytes} bytes in ${path}`);
      await write(new Uint8Array(paddingBehind(bytes)));
    }
  });
}

interface StoredTensor {
  tensor: StreamedTensor;
  type: GgufType;
}

function storedType({ shape }: StreamedTensor, type: GgufType): GgufType {
  if (shape.length === 1) return "f32";
  return type === "q8_0" && shape.at(-1)! % BLOCK !== 0 ? "f32" : type;
}

function encodeHeader(
  fields: readonly [string, GgufValue][],
  tensors: readonly StoredTensor[],
): Uint8Array {
  const header = new GgufBytes().u32(MAGIC).u32(VERSION).u64(tensors.length).u64(fields.length);
  for (const [key, value] of fields) header.string(key).value(value);
  let offset = 0;
  for (const stored of tensors) {
    const { name, shape } = stored.tensor;
    // Sizes are listed from the fastest axis on.
    header.string(name).u32(shape.length);
    for (const size of shape.toReversed()) header.u64(size);
    header.u32(TENSOR_TYPE_IDS[stored.type]).u64(offset);
    offset += sizeOf(stored) + paddingBehind(sizeOf(stored));
  }
  return header.align(ALIGNMENT).bytes();
}

function sizeOf({ tensor, type }: StoredTensor): number {
  return encodedBytes(type, elementCount(tensor.shape));
}

function paddingBehind(bytes: number): number {
  return (ALIGNMENT - (bytes % ALIGNMENT)) % ALIGNMENT;
}
