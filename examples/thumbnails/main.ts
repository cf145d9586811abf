/**
 * Makes thumbnails of a folder of images with sharp, through the command `interpreters map`, alternately in one interpreter
 * and on all cores, and compares the times.
 *
 *     node dist/thumbnails/main.js [folder] [options]
 */

import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { drawImages } from "./images.js";
import type { Thumbnail } from "./thumbnail.js";
import { compare, ROUNDS, type Run } from "../support/compare.js";
import { positiveInteger, runCommand } from "../support/options.js";
import { runNode } from "../support/process.js";

const USAGE = `Usage: node dist/thumbnails/main.js [folder] [options]

Makes thumbnails of the images of a folder (default: images that it draws first) with sharp, in interpreters.

  --workers N   interpreters in the parallel runs (default: one per core)
  --images N    how many images to draw (default: 80)
  --out DIR     where to put the thumbnails (default: a temporary folder)
  --help        show this help`;

const IMAGES = /\.(?:avif|gif|jpe?g|png|tiff?|webp)$/i;

const task = fileURLToPath(new URL("./thumbnail.js", import.meta.url));
// The file that `npx interpreters` runs. Starting it directly saves the time of npx.
const command = join(
  createRequire(import.meta.url).resolve("interpreters-cli/package.json"),
  "../dist/src/main.js",
);

interface ThumbnailsRun extends Run {
  readonly thumbnails: readonly Thumbnail[];
}

/** Runs and times `interpreters map thumbnail.js#thumbnail <images…>`, start-up included. */
async function map(images: readonly string[], workers: number, out: string): Promise<ThumbnailsRun> {
  const start = performance.now();
  const args = [command, "map", `${task}#thumbnail`, ...images, "--workers", String(workers)];
  const { stdout, code } = await runNode(args, {
    stderr: "inherit",
    env: {
      // sharp works in the libuv thread pool, which has four threads for the whole process by default.
      UV_THREADPOOL_SIZE: process.env["UV_THREADPOOL_SIZE"] ?? String(Math.max(4, workers)),
      THUMBNAILS: out,
    },
  });
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`interpreters map ended with code ${code}`);
  const lines = stdout.trim().split("\n");
  const thumbnails = lines.map((line) => JSON.parse(line) as Thumbnail);
  return { thumbnails, seconds, digest: digestOf(thumbnails) };
}

function digestOf(thumbnails: readonly Thumbnail[]): string {
  return createHash("sha256").update(JSON.stringify(thumbnails)).digest("hex");
}

function parse() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      workers: { type: "string" },
      images: { type: "string", default: "80" },
      out: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (positionals.length > 1) throw new TypeError(`one folder at most, not ${positionals.length}`);
  return {
    help: values.help ?? false,
    folder: positionals.at(0),
    workers:
      values.workers === undefined ? availableParallelism() : positiveInteger("workers", values.workers),
    count: positiveInteger("images", values.images),
    out: values.out,
  };
}

async function findImages(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => IMAGES.test(name))
    .sort()
    .map((name) => resolve(folder, name));
}

async function makeThumbnails(images: readonly string[], workers: number, out: string): Promise<boolean> {
  console.log(
    `Thumbnails of ${images.length} images with sharp, the fastest of ${ROUNDS} runs of interpreters map each`,
  );
  const { one, same } = await compare(
    workers,
    () => map(images, 1, out),
    () => map(images, workers, out),
  );
  if (!same) {
    console.error("The runs made different thumbnails");
    return false;
  }
  const kilobytes = one.thumbnails.reduce((sum, { bytes }) => sum + bytes, 0) / 1000;
  console.log(
    `All runs made the same ${one.thumbnails.length} thumbnails, ${kilobytes.toFixed(0)} kB (sha256 ${one.digest.slice(0, 16)})`,
  );
  return true;
}

async function main({ folder, workers, count, out }: ReturnType<typeof parse>): Promise<number> {
  const temporary = await mkdtemp(join(tmpdir(), "interpreters-thumbnails-"));
  try {
    let images: string[];
    if (folder === undefined) {
      console.log(`Drawing ${count} images`);
      images = await drawImages(join(temporary, "images"), count);
    } else {
      images = await findImages(folder);
    }
    if (images.length === 0) {
      console.error(`No images in ${folder}`);
      return 1;
    }
    const target = resolve(out ?? join(temporary, "thumbnails"));
    if (!(await makeThumbnails(images, workers, target))) return 1;
    if (out !== undefined) console.log(`Written to ${out}`);
    return 0;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

process.exitCode = await runCommand(USAGE, parse, main);
