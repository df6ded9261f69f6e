import { existsSync } from "node:fs";
import { join } from "node:path";
import { FlmError } from "../../errors.ts";
import { readText } from "../../read-text.ts";
import { type StoredMatrix, StoredWeights } from "../weight-source.ts";
import { HfConfig } from "./hf-config.ts";
import { readSafetensorsHeader, type StoredTensor } from "./safetensors-reader.ts";

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/** A directory as transformers writes it. */
export interface HfDirectory {
  path: string;
  config: HfConfig;
  /** generation_config.json; empty where there is none. */
  generation: HfConfig;
  weights: StoredWeights;
  /** The text of tokenizer.json; null where there is none. */
  tokenizer: string | null;
}

/** @throws FlmError CHECKPOINT_NOT_FOUND, CHECKPOINT_INVALID or NOT_SUPPORTED, naming the file. */
export function openHfDirectory(path: string): HfDirectory {
  const configPath = join(path, "config.json");
  if (!existsSync(configPath))
    throw new FlmError("CHECKPOINT_NOT_FOUND", `${path} has no config.json`, {
      hint: "name a directory with config.json and safetensors files, as save_pretrained writes it",
    });
  const tokenizerPath = join(path, "tokenizer.json");
  const generationPath = join(path, "generation_config.json");
  const generation = existsSync(generationPath) ? readJson(generationPath) : {};
  const config = new HfConfig(readJson(configPath), configPath);
  refuseQuantized(config, path);
  return {
    path,
    config,
    generation: new HfConfig(generation, generationPath),
    weights: new StoredWeights(findMatrices(path)),
    tokenizer: existsSync(tokenizerPath) ? readText(tokenizerPath) : null,
  };
}

/** Said here, because files of such a model lack the matrices that are looked for. */
function refuseQuantized(config: HfConfig, path: string): void {
  const method = config.section("quantization_config").text("quant_method", "");
  if (method === "") return;
  throw new FlmError("NOT_SUPPORTED", `${path} has quantized weights: quant_method is ${method}`, {
    hint: "import the model that it was made of, or save it in f32, f16 or bf16 and without quantization_config",
  });
}

function findMatrices(path: string): Map<string, StoredMatrix> {
  const matrices = new Map<string, StoredMatrix>();
  for (const [file, wanted] of filesOf(path))
    for (const tensor of readSafetensorsHeader(join(path, file))) {
      const matrix = toMatrix(join(path, file), tensor);
      if (matrix && (wanted === null || wanted.has(tensor.name))) matrices.set(tensor.name, matrix);
    }
  return matrices;
}

/** The files with weights; of the files of an index the tensors that it puts there. */
function filesOf(path: string): Map<string, Set<string> | null> {
  if (existsSync(join(path, INDEX))) return readIndex(join(path, INDEX), path);
  if (existsSync(join(path, SINGLE))) return new Map([[SINGLE, null]]);
  const hasPickle = ["pytorch_model.bin", "pytorch_model.bin.index.json"].some((name) =>
    existsSync(join(path, name)),
  );
  if (hasPickle)
    throw new FlmError("NOT_SUPPORTED", `${path} has its weights as pickle, which can run code`, {
      hint: "save the model as safetensors: save_pretrained(DIR, safe_serialization=True)",
    });
  throw new FlmError("CHECKPOINT_NOT_FOUND", `${path} has neither ${SINGLE} nor ${INDEX}`, {
    hint: "name a directory with config.json and safetensors files, as save_pretrained writes it",
  });
}

function readIndex(indexPath: string, path: string): Map<string, Set<string>> {
  const { weight_map } = readJson(indexPath);
  const files = new Map<string, Set<string>>();
  const entries = typeof weight_map === "object" && weight_map !== null ? weight_map : {};
  for (const [tensor, file] of Object.entries(entries)) {
    // A plain name: an index never leads out of its directory.
    if (typeof file !== "string" || !/^[^/\\\0]+\.safetensors$/.test(file))
      throw new FlmError(
        "CHECKPOINT_INVALID",
        `${indexPath}: ${tensor} is in ${JSON.stringify(file)}, which is not the name of a safetensors file`,
        { hint: "download or copy it again" },
      );
    if (!files.has(file)) files.set(file, new Set());
    files.get(file)!.add(tensor);
  }
  const missing = [...files.keys()].find((file) => !existsSync(join(path, file)));
  if (files.size > 0 && missing === undefined) return files;
  const problem =
    missing === undefined ? "has no weight_map" : `names ${missing}, which is missing`;
  throw new FlmError("CHECKPOINT_INVALID", `${indexPath} ${problem}`, {
    hint: "download or copy all files again",
  });
}

/** Null for what no weight is: integers, and buffers of more axes. */
function toMatrix(file: string, { type, shape, offset }: StoredTensor): StoredMatrix | null {
  if (type === null || shape.length < 1 || shape.length > 2) return null;
  const [rows, cols] = shape.length === 1 ? [1, shape[0]!] : [shape[0]!, shape[1]!];
  return { file, offset, type, rows, cols };
}

function readJson(path: string): Record<string, unknown> {
  const text = readText(path);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new FlmError("CHECKPOINT_INVALID", `${path} is not a JSON object`, {
    hint: "download or copy it again",
  });
}
