/**
 * A coverage-guided fuzzer: it mutates an input of its corpus, runs the target, and keeps the input if it took a new branch.
 *
 * The loop is libFuzzer's (https://llvm.org/docs/LibFuzzer.html), the classes of counts are AFL's. Jazzer.js brings libFuzzer
 * itself to Node, but does not load everywhere that these tests run: the addon of `@jazzer.js/fuzzer` 4.0.0 needs glibc 2.38
 * (Debian 12 has 2.36), and earlier releases download their addon from GitHub in an install script.
 */
import type { Chance } from "../../support/queues.js";
import type { Counters } from "./instrument.js";

/** Throws if the input shows something wrong. */
export type Target = (input: Buffer) => void;

export interface FuzzOptions {
  readonly target: Target;
  readonly counters: Counters;
  readonly chance: Chance;
  /** The first inputs. */
  readonly seeds: readonly Buffer[];
  /** Bytes, and sequences of them, that have a meaning in the target's format. */
  readonly dictionary?: readonly Buffer[];
  /** Bytes; longer inputs are cut. */
  readonly maxLength: number;
  /** Returns whether to continue; called after each run of the target. */
  goOn(runs: number): boolean;
  /** Called before each run, with an input that is valid during the call only. */
  onRun?(input: Buffer): void;
  /** Called with each input that is kept. */
  onKeep?(input: Buffer): void;
}

export interface FuzzResult {
  readonly runs: number;
  /** The inputs that were kept, including the seeds. */
  readonly corpus: readonly Buffer[];
  /** How many edges were taken at least once. */
  readonly edges: number;
  /** The input for which the target threw, and the error; undefined if it never did. */
  readonly failure: { readonly input: Buffer; readonly error: unknown } | undefined;
}

/** A bit for each class of how often an edge was taken: 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, 128 and more. */
const CLASS = Uint8Array.from({ length: 256 }, (_, n) => {
  if (n === 0) return 0;
  return 1 << [2, 3, 4, 8, 16, 32, 128, 256].findIndex((limit) => n < limit);
});

export function fuzz(options: FuzzOptions): FuzzResult {
  const { target, counters, chance, maxLength } = options;
  const seen = new Uint8Array(counters.used);
  const corpus: Buffer[] = [];
  let runs = 0;
  let failure: FuzzResult["failure"];

  const reachedSomethingNew = (): boolean => {
    let found = false;
    for (let edge = 0; edge < seen.length; edge++) {
      const reached = CLASS[counters.hits[edge]];
      if ((reached & ~seen[edge]) === 0) continue;
      seen[edge] |= reached;
      found = true;
    }
    return found;
  };
  /** Returns whether to continue. */
  const attempt = (input: Buffer, keep: boolean): boolean => {
    counters.hits.fill(0);
    runs++;
    options.onRun?.(input);
    try {
      target(input);
    } catch (error) {
      failure = { input: Buffer.from(input), error };
      return false;
    }
    if (reachedSomethingNew() || keep) {
      corpus.push(Buffer.from(input));
      options.onKeep?.(input);
    }
    return options.goOn(runs);
  };

  const mutator = new Mutator(chance, corpus, options.dictionary ?? [], maxLength);
  if (options.seeds.every((seed) => attempt(seed.subarray(0, maxLength), true))) {
    while (attempt(mutator.next(), false));
  }
  return { runs, corpus, edges: seen.reduce((sum, each) => sum + (each === 0 ? 0 : 1), 0), failure };
}

/** Derives new inputs from those in the corpus. */
class Mutator {
  readonly #chance: Chance;
  readonly #corpus: readonly Buffer[];
  readonly #dictionary: readonly Buffer[];
  readonly #maxLength: number;

  constructor(chance: Chance, corpus: readonly Buffer[], dictionary: readonly Buffer[], maxLength: number) {
    this.#chance = chance;
    this.#corpus = corpus;
    this.#dictionary = dictionary;
    this.#maxLength = maxLength;
  }

  next(): Buffer {
    let input: Buffer = Buffer.from(this.#pick());
    for (let changes = 1 << this.#chance.below(4); changes > 0; changes--) input = this.#change(input);
    return input.subarray(0, this.#maxLength);
  }

  /** Half of the time picks one of the last 32: they took the newest branches. */
  #pick(): Buffer {
    const count = this.#corpus.length;
    if (count === 0) return Buffer.alloc(0);
    const recent = Math.min(count, 32);
    return this.#corpus[
      this.#chance.next() < 0.5 ? count - 1 - this.#chance.below(recent) : this.#chance.below(count)
    ];
  }

  #change(input: Buffer): Buffer {
    const chance = this.#chance;
    const at = chance.below(input.length + 1);
    const length = 1 + chance.below(1 << chance.below(7));
    const from = chance.below(input.length + 1);
    const byte = Math.min(at, input.length - 1);
    switch (chance.below(8)) {
      case 0:
        if (byte >= 0) input[byte] ^= 1 << chance.below(8);
        return input;
      case 1:
        if (byte >= 0) input[byte] = chance.below(256);
        return input;
      case 2:
        if (byte >= 0) input[byte] += chance.below(9) - 4;
        return input;
      case 3:
        return Buffer.concat([input.subarray(0, at), input.subarray(at + length)]);
      case 4:
        return insert(input, at, input.subarray(from, from + length));
      case 5: {
        const random = Buffer.alloc(Math.min(length, 8));
        for (let i = 0; i < random.length; i++) random[i] = chance.below(256);
        return insert(input, at, random);
      }
      case 6: {
        if (this.#dictionary.length === 0) return input;
        const word = chance.pick(this.#dictionary);
        if (chance.next() < 0.5) return insert(input, at, word);
        word.copy(input, at);
        return input;
      }
      default: {
        const other = this.#pick();
        const start = chance.below(other.length + 1);
        const part = other.subarray(start, start + length * 4);
        return chance.next() < 0.5
          ? insert(input, at, part)
          : Buffer.concat([input.subarray(0, at), other.subarray(start)]);
      }
    }
  }
}

function insert(input: Buffer, at: number, part: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, at), part, input.subarray(at)]);
}
