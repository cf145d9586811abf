/** The function that the interpreters run: it draws one tile of the picture. It imports nothing, so that any of them can load it from its URL. */

export interface Tile {
  /** The point of the complex plane at the tile's corner, and the width of a pixel. */
  readonly re: number;
  readonly im: number;
  readonly step: number;
  readonly width: number;
  readonly height: number;
  /** After so many steps a point counts as one of the set. */
  readonly limit: number;
}

export interface Drawn {
  /** Red, green, blue and alpha of each pixel. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** The name of the interpreter. */
  readonly by: string;
  /** When it began, in milliseconds since 1970, and how many it took. */
  readonly began: number;
  readonly took: number;
}

/** The smooth number of steps until the point escapes (Peitgen, Richter, "The Beauty of Fractals", 1986); the limit if it does not. */
function escape(re: number, im: number, limit: number): number {
  let [x, y, xx, yy] = [0, 0, 0, 0];
  for (let i = 0; i < limit; i++) {
    y = 2 * x * y + im;
    x = xx - yy + re;
    xx = x * x;
    yy = y * y;
    if (xx + yy > 256) return i + 1 - Math.log2(Math.log2(xx + yy) / 2);
  }
  return limit;
}

const channel = (steps: number, phase: number): number =>
  127.5 - 127.5 * Math.cos(0.35 * Math.sqrt(steps) * 2 + phase);

/** The colours of a tile. */
export function paint({ re, im, step, width, height, limit }: Tile): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++, at += 4) {
      const steps = escape(re + column * step, im + row * step, limit);
      pixels[at + 3] = 255;
      if (steps >= limit) continue;
      pixels[at] = channel(steps, 0.2);
      pixels[at + 1] = channel(steps, 0.9);
      pixels[at + 2] = channel(steps, 1.9);
    }
  }
  return pixels;
}

/** Draws a tile, and says who drew it when. */
export function draw(tile: Tile): Drawn {
  const began = performance.now();
  const pixels = paint(tile);
  const { name = "" } = globalThis as { name?: string };
  return { pixels, by: name, began: performance.timeOrigin + began, took: performance.now() - began };
}
