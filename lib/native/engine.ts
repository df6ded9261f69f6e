import { FlmError } from "../errors.ts";
import { encodeEngineSpec } from "./encode.ts";
import { loadNative } from "./load.ts";
import type { EngineSpec } from "./plans.ts";
import type {
  Activation,
  AddonEngine,
  DeviceInfo,
  EvalInput,
  EvalReport,
  GenerateInput,
  GeneratedRow,
  NativeEngine,
  NativeWorld,
  SavedFile,
  StepInput,
  StepReport,
  TensorInfo,
  TraceRow,
} from "./types.ts";

/**
 * An engine on its device, with all memory of the stage.
 * @throws FlmError OUT_OF_MEMORY, NOT_SUPPORTED, DEVICE_FAULT; INVALID_ARGUMENT where the spec contradicts itself
 */
export function createEngine(
  spec: EngineSpec,
  world: NativeWorld | null = null,
): Promise<NativeEngine> {
  const bytes = encodeEngineSpec(spec);
  return withCallersStack(async () => new Engine(await loadNative().createEngine(bytes, world)));
}

/**
 * Runs native work. An error made on a native thread has an empty stack: it gets that of the functions that wait for
 * the work. They are looked up when it has failed, not before: that took 7 % of JavaScript's time in a small model's step.
 */
async function withCallersStack<Result>(
  work: () => Promise<Result>,
  explained = (error: unknown) => error,
): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    const error = explained(cause);
    if (error instanceof Error) Error.captureStackTrace(error, withCallersStack);
    throw error;
  }
}

/** Of work that reads token files: only what is in them can be invalid data. */
function damagedTokens(cause: unknown): unknown {
  if (!(cause instanceof FlmError) || cause.code !== "DATA_INVALID") return cause;
  const hint =
    "delete the directory of that token file (it is in data.cache_dir) and run again: it is made anew from the text";
  return new FlmError(cause.code, cause.message, { hint, cause });
}

class Engine implements NativeEngine {
  readonly #native: AddonEngine;
  /** Kept, so that it can still be named after close(). */
  readonly device: DeviceInfo;

  constructor(native: AddonEngine) {
    this.#native = native;
    this.device = native.device;
  }

  get memory_bytes(): number {
    return this.#native.memory_bytes;
  }

  tensors(): TensorInfo[] {
    return this.#native.tensors();
  }

  load(plan: Uint8Array): Promise<void> {
    return withCallersStack(() => this.#native.load(plan));
  }

  save(plan: Uint8Array): Promise<SavedFile[]> {
    return withCallersStack(() => this.#native.save(plan));
  }

  saveBehind(plan: Uint8Array): Promise<SavedFile[]> {
    return withCallersStack(() => this.#native.saveBehind(plan));
  }

  openTokenFiles(paths: readonly string[]): Promise<void> {
    return withCallersStack(() => this.#native.openTokenFiles(paths), damagedTokens);
  }

  async step(input: StepInput): Promise<StepReport> {
    const fields = await withCallersStack(() => this.#native.step(input), damagedTokens);
    const [loss, grad_norm, targets, skipped, stop] = fields;
    return { loss, grad_norm, targets, skipped, stop };
  }

  evaluate(input: EvalInput): Promise<EvalReport> {
    return withCallersStack(() => this.#native.evaluate({ stop: false, ...input }), damagedTokens);
  }

  generate(input: GenerateInput): Promise<GeneratedRow[]> {
    return withCallersStack(() => this.#native.generate(input));
  }

  activations(tokens: Int32Array): Promise<Activation[]> {
    return withCallersStack(() => this.#native.activations(tokens));
  }

  trace(on: boolean): Promise<TraceRow[]> {
    return withCallersStack(() => this.#native.trace(on));
  }

  cancel(): void {
    this.#native.cancel();
  }

  close(): Promise<void> {
    return withCallersStack(() => this.#native.close());
  }
}
