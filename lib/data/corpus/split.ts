import type { Hash64 } from "../../hash-set.ts";
import { compareHashes, unitInterval } from "./document-hash.ts";

/** What becomes of a document. */
export const DUPLICATE = 0;
export const TRAINING = 1;
export const VALIDATION = 2;

/** The decision for a whole corpus. */
export interface SplitResult {
  /** DUPLICATE, TRAINING or VALIDATION for each document, in reading order. */
  readonly fates: Uint8Array;
  readonly training_bytes: number;
  readonly validation_bytes: number;
}

interface Extreme {
  readonly hash: Hash64;
  readonly index: number;
  readonly bytes: number;
}

/**
 * Decides for each document, in reading order, between training and validation.
 *
 * A document is held out when the hash of its text lies below `fraction`, whatever the seed, the order of the files
 * and the other documents are: a larger corpus never trains on what a smaller one held out so. Where chance leaves one
 * side empty it gets one document, that with the smallest hash (validation) or the largest (training). That one depends
 * on the other documents: a larger corpus may train on it. A single document is for training.
 */
export class Splitter {
  readonly #fraction: number;
  #fates = new Uint8Array(1024);
  #count = 0;
  #training = 0;
  #validation = 0;
  #training_bytes = 0;
  #validation_bytes = 0;
  #smallest: Extreme | undefined;
  #largest: Extreme | undefined;

  constructor(fraction: number) {
    this.#fraction = fraction;
  }

  addDuplicate(): void {
    this.#append(DUPLICATE);
  }

  /** @param bytes of the document's text */
  add(hash: Hash64, bytes: number): void {
    const place = { hash, index: this.#count, bytes };
    if (!this.#smallest || compareHashes(hash, this.#smallest.hash) < 0) this.#smallest = place;
    if (!this.#largest || compareHashes(hash, this.#largest.hash) > 0) this.#largest = place;
    if (unitInterval(hash) < this.#fraction) {
      this.#append(VALIDATION);
      this.#validation++;
      this.#validation_bytes += bytes;
    } else {
      this.#append(TRAINING);
      this.#training++;
      this.#training_bytes += bytes;
    }
  }

  finish(): SplitResult {
    const fates = this.#fates.slice(0, this.#count);
    let moved = 0;
    if (this.#validation === 0 && this.#fraction > 0 && this.#training >= 2) {
      fates[this.#smallest!.index] = VALIDATION;
      moved = this.#smallest!.bytes;
    } else if (this.#training === 0 && this.#validation > 0) {
      fates[this.#largest!.index] = TRAINING;
      moved = -this.#largest!.bytes;
    }
    return {
      fates,
      training_bytes: this.#training_bytes - moved,
      validation_bytes: this.#validation_bytes + moved,
    };
  }

  #append(fate: number): void {
    if (this.#count === this.#fates.length) {
      const larger = new Uint8Array(2 * this.#count);
      larger.set(this.#fates);
      this.#fates = larger;
    }
    this.#fates[this.#count++] = fate;
  }
}
