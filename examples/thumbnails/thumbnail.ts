/**
 * What runs in the interpreters: one image in, one thumbnail out. It is all that `interpreters map` needs:
 *
 *     interpreters map dist/thumbnails/thumbnail.js 'photos/*.png'
 *
 * The thumbnails go to a folder `thumbnails` beside the images, or to the one that THUMBNAILS names.
 */

import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import sharp from "sharp";

// sharp has a pool of threads of its own, for all interpreters together. Here each interpreter is to keep one core busy.
sharp.concurrency(1);
// Every image is used once.
sharp.cache(false);

/** Pixels; the longer side. */
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
