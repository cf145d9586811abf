/**
 * The code that runs in the interpreters: one image in, one thumbnail out. `interpreters map` needs nothing else:
 *
 *     interpreters map dist/thumbnails/thumbnail.js 'photos/*.png'
 *
 * The thumbnails go to a folder `thumbnails` beside the images, or to the folder in the variable THUMBNAILS.
 */

import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import sharp from "sharp";

// All interpreters share the threads of sharp. Here each interpreter should keep one core busy.
sharp.concurrency(1);
// Every image is used only once.
sharp.cache(false);

/** The longer side, in pixels. */
const SIZE = 320;

export interface Thumbnail {
  readonly image: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly digest: string;
}

export async function thumbnail(image: string): Promise<Thumbnail> {
  const folder = process.env["THUMBNAILS"] ?? join(dirname(image), "thumbnails");
  const { data, info } = await sharp(image)
    .resize({ width: SIZE, height: SIZE, fit: "inside", withoutEnlargement: true })
    .webp({ effort: 6 })
    .toBuffer({ resolveWithObject: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${basename(image, extname(image))}.webp`), data);
  const digest = createHash("sha256").update(data).digest("hex");
  return { image: basename(image), width: info.width, height: info.height, bytes: data.length, digest };
}
