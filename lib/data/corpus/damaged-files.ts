import { FlmError } from "../../errors.ts";
import type { Source } from "../read/documents.ts";
import { fileBytes } from "../read/file-bytes.ts";
import type { SourceFile } from "../read/source-files.ts";

/**
 * The sources without the compressed files that cannot be unpacked to their end. How much of such a file is seen may
 * change from one reading to the next, and all readings have to see the same documents: so it is left out whole.
 *
 * @param onDamaged hears what is wrong with each
 */
export async function withoutDamagedFiles(
  sources: readonly Source[],
  onDamaged: (error: FlmError) => void,
): Promise<Source[]> {
  const whole: Source[] = [];
  for (const source of sources) {
    const files: SourceFile[] = [];
    for (const file of source.files) {
      const damage = await damageOf(file);
      if (damage === null) files.push(file);
      else onDamaged(damage);
    }
    whole.push({ ...source, files });
  }
  return whole;
}

async function damageOf(file: SourceFile): Promise<FlmError | null> {
  if (file.compression === "none") return null;
  try {
    for await (const _ of fileBytes(file));
    return null;
  } catch (error) {
    if (error instanceof FlmError && error.code === "DATA_INVALID") return error;
    throw error;
  }
}
