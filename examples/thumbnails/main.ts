/**
 * Makes thumbnails of a folder of images with sharp, through the command `interpreters map`, in one interpreter and on all
 * cores in turn, and compares the two.
 *
 *     node dist/thumbnails/main.js [folder] [options]
 */

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { drawImages } from "./images.js";
import type { Thumbnail } from "./thumbnail.js";

const USAGE = `Usage: node dist/thumbnails/main.js [folder] [options]

Makes thumbnails of the images of a folder (default: images that it draws first) with sharp, in interpreters.

  --workers N   interpreters of the second run (default: all cores)
  --images N    how many images to draw (default: 80)
  --out DIR     where to put the thumbnails (default: nowhere that stays)
  --help        show this`;

/** Runs of each kind, in turn. The fastest of each counts: whatever else the machine does only ever adds time. */
const ROUNDS = 3;
const IMAGES = /\.(?:avif|gif|jpe?g|png|tiff?|webp)$/i;

const task = fileURLToPath(new URL("./thumbnail.js", import.meta.url));
// What `npx interpreters` would run, without asking npx each time.
const command = join(
  createRequire(import.meta.url).resolve("interpreters-cli/package.json"),
  "../dist/src/main.js",
);

interface Run {
  readonly thumbnails: readonly Thumbnail[];
  /** From starting the command to its end. */
  readonly seconds: number;
}

/** Runs `interpreters map thumbnail.js#thumbnail <images…>`. */
async function map(images: readonly string[], workers: number, out: string): Promise<Run> {
  const start = performance.now();
  const args = [command, "map", `${task}#thumbnail`, ...images, "--workers", String(workers)];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
    // sharp works in the threads of libuv's pool, which are four for the whole process unless one says otherwise.
    env: { UV_THREADPOOL_SIZE: String(Math.max(4, workers)), ...process.env, THUMBNAILS: out },
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [stdout, code] = await Promise.all([text(child.stdout), exit]);
  if (code !== 0) throw new Error(`interpreters map ended with code ${code}`);
  const seconds = (performance.now() - start) / 1000;
  const thumbnails = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Thumbnail);
  return { thumbnails, seconds };
}

function fastest(runs: readonly Run[]): Run {
  return runs.reduce((best, run) => (run.seconds < best.seconds ? run : best));
}

/** One digest for everything a run made. */
function digestOf({ thumbnails }: Run): string {
  return createHash("sha256").update(JSON.stringify(thumbnails)).digest("hex");
}

function positiveInteger(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new TypeError(`--${option} takes a whole number from 1 on, not "${text}"`);
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

async function compare(images: readonly string[], workers: number, out: string): Promise<boolean> {
  console.log(
    `Thumbnails of ${images.length} images with sharp, the fastest of ${ROUNDS} runs of interpreters map each`,
  );
  const ones: Run[] = [];
  const many: Run[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ones.push(await map(images, 1, out));
    many.push(await map(images, workers, out));
  }
  const [one, all] = [fastest(ones), fastest(many)];
  console.log(`  1 interpreter:  ${one.seconds.toFixed(2)} s`);
  console.log(`  ${workers} interpreters: ${all.seconds.toFixed(2)} s`);
  console.log(`  speed-up:       ${(one.seconds / all.seconds).toFixed(2)}`);
  const digest = digestOf(one);
  if ([...ones, ...many].some((run) => digestOf(run) !== digest)) {
    console.error("The runs made different thumbnails");
    return false;
  }
  const kilobytes = one.thumbnails.reduce((sum, { bytes }) => sum + bytes, 0) / 1000;
  console.log(
    `All runs made the same ${one.thumbnails.length} thumbnails, ${kilobytes.toFixed(0)} kB (sha256 ${digest.slice(0, 16)})`,
  );
  return true;
}

async function main(): Promise<number> {
  let options: ReturnType<typeof parse>;
  try {
    options = parse();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const { folder, workers, count, out } = options;
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
    if (!(await compare(images, workers, target))) return 1;
    if (out !== undefined) console.log(`Written to ${out}`);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

process.exitCode = await main();
