/**
 * Values that a worker's function marks to be moved instead of copied: a *transferable* has two properties, what to send in its place and what
 * to move. `move` makes one of an object that is none, and marks it.
 *
 * All symbols are registered ones, for the pool and its workers may have different copies of the adapter.
 */
import { types } from "node:util";

export interface MoveSymbols {
  readonly transferable: symbol;
  readonly value: symbol;
  readonly movable: symbol;
}

/** The symbols of one adapter; `name` is its class. */
export const moveSymbols = (name: string): MoveSymbols => ({
  transferable: Symbol.for(`${name}.transferable`),
  value: Symbol.for(`${name}.valueOf`),
  movable: Symbol.for(`${name}.movable`),
});

type Marked = Record<symbol, unknown>;

export class Movables {
  readonly symbols: MoveSymbols;

  constructor(symbols: MoveSymbols) {
    this.symbols = symbols;
  }

  isTransferable(value: unknown): boolean {
    const { transferable, value: valueOf } = this.symbols;
    return typeof value === "object" && value !== null && transferable in value && valueOf in value;
  }

  isMovable(value: unknown): value is object {
    return this.isTransferable(value) && (value as Marked)[this.symbols.movable] === true;
  }

  mark(value: object): void {
    Object.defineProperty(value, this.symbols.movable, {
      configurable: true,
      writable: true,
      value: true,
    });
  }

  move(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    const { transferable, value: valueOf } = this.symbols;
    const moved: unknown = types.isArrayBufferView(value) ? value.buffer : value;
    const target = this.isTransferable(value) ? value : { [transferable]: moved, [valueOf]: value };
    this.mark(target);
    return target;
  }

  /** The value to send in place of a movable one, and its objects to move. */
  unwrap(movable: object): { value: unknown; transfer: unknown[] } {
    const { transferable, value } = this.symbols;
    const moved = (movable as Marked)[transferable];
    return { value: (movable as Marked)[value], transfer: Array.isArray(moved) ? moved : [moved] };
  }
}
