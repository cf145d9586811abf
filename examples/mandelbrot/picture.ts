/** The picture: which tiles it has, and having a pool draw them. */
import { CancelledError, fromModule, type Future, InterpreterPoolExecutor, listAll } from "interpreters";
import type * as Module from "./tile.js";
import type { Drawn, Tile } from "./tile.js";

const { draw } = fromModule<typeof Module>(new URL("./tile.js", import.meta.url));

const TILE = 32;

/** The part of the complex plane that is shown. */
export interface View {
  readonly re: number;
  readonly im: number;
  /** Of a pixel. */
  readonly step: number;
}

/** A tile and its place in the picture. */
export interface PlacedTile extends Tile {
  readonly x: number;
  readonly y: number;
}

/** More steps, the deeper one looks. */
const limitOf = (step: number): number => Math.round(300 + 120 * Math.max(0, Math.log2(0.005 / step)));

/** The tiles of a view, those in the middle first. */
export function tilesOf({ re, im, step }: View, width: number, height: number): PlacedTile[] {
  const tiles: PlacedTile[] = [];
  for (let y = 0; y < height; y += TILE) {
    for (let x = 0; x < width; x += TILE) {
      tiles.push({
        x,
        y,
        re: re + (x - width / 2) * step,
        im: im + (y - height / 2) * step,
        step,
        width: Math.min(TILE, width - x),
        height: Math.min(TILE, height - y),
        limit: limitOf(step),
      });
    }
  }
  const distance = ({ x, y }: PlacedTile): number =>
    Math.hypot(x + TILE / 2 - width / 2, y + TILE / 2 - height / 2);
  return tiles.sort((a, b) => distance(a) - distance(b));
}

/** The fate of all tiles since the page was loaded. Each is asked for once, and is then drawn, cancelled or failed. */
export interface Numbers {
  asked: number;
  drawn: number;
  cancelled: number;
  failed: number;
  killed: number;
}

export class Picture {
  readonly numbers: Numbers = { asked: 0, drawn: 0, cancelled: 0, failed: 0, killed: 0 };
  readonly #pool: InterpreterPoolExecutor;
  readonly #onTile: (tile: PlacedTile, drawn: Drawn) => void;
  #pending: Future<Drawn>[] = [];
  #settled: Promise<unknown> = Promise.resolve();

  constructor(workers: number, onTile: (tile: PlacedTile, drawn: Drawn) => void) {
    this.#onTile = onTile;
    // A tile whose interpreter is killed is drawn by another one.
    this.#pool = new InterpreterPoolExecutor({
      maxWorkers: workers,
      minWorkers: workers,
      name: "painter",
      retries: 5,
    });
  }

  /** The names of the interpreters. */
  get painters(): string[] {
    return listAll().flatMap(({ name }) => (name === undefined || name === "" ? [] : [name]));
  }

  /** How many tiles wait or are being drawn. */
  get pending(): number {
    const { asked, drawn, cancelled, failed } = this.numbers;
    return asked - drawn - cancelled - failed;
  }

  /** Draws a view. Cancels the tiles of the view before that no interpreter has begun; those that are being drawn are not shown. */
  show(tiles: readonly PlacedTile[]): void {
    for (const future of this.#pending) future.cancel();
    const futures = tiles.map((tile) => this.#pool.submit(draw, tile));
    this.#pending = futures;
    this.numbers.asked += tiles.length;
    const outcomes = futures.map(async (future, i) => {
      try {
        const drawn = await future;
        this.numbers.drawn++;
        if (this.#pending === futures) this.#onTile(tiles[i], drawn);
      } catch (error) {
        if (error instanceof CancelledError) this.numbers.cancelled++;
        else this.numbers.failed++;
      }
    });
    this.#settled = Promise.all([this.#settled, ...outcomes]);
  }

  /** Resolves when all tiles have an outcome. */
  async settled(): Promise<void> {
    for (let before; before !== this.#settled; await before) before = this.#settled;
  }

  /** Terminates an interpreter, whatever it does. Returns its name. */
  async kill(name?: string): Promise<string | undefined> {
    const victims = listAll().filter((each) => each.id !== 0 && (name === undefined || each.name === name));
    const victim = victims.find((each) => each.isRunning()) ?? victims[0];
    if (victim === undefined) return undefined;
    this.numbers.killed++;
    await victim.terminate();
    return victim.name;
  }
}
