/** Files that change under a worker: a task runs the code that its caller has, or fails. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fromModule } from "interpreters";
import { type BullMQExecutor, createWorker, type QueueWorker } from "../src/index.js";
import { executorOf, until } from "./support/fleet.js";
import { Redis, skip } from "./support/redis.js";

const options = { skip, timeout: 60_000 };

interface Functions {
  version(): string;
  end(): never;
}

/** Files of a project, by name. */
type Files = Readonly<Record<string, string>>;

const versions = (n: number): Files => ({
  "main.js":
    'import { n } from "./part.js";\nexport const version = () => n;\nexport const end = () => process.exit(1);\n',
  "other.js": 'import { n } from "./part.js";\nexport const version = () => `other ${n}`;\n',
  "part.js": `export const n = "v${n}";\n`,
  "node_modules/pack/package.json": `{ "version": "${n}.0.0", "type": "module" }`,
  "node_modules/pack/index.js": `export const version = () => "v${n}";\n`,
});

class Place {
  readonly redis: Redis;
  readonly folder: string;
  readonly #executors: BullMQExecutor[] = [];
  #worker!: QueueWorker;

  private constructor(redis: Redis, folder: string) {
    this.redis = redis;
    this.folder = folder;
  }

  /** A worker in a folder with the first version. */
  static async open(): Promise<Place> {
    const place = new Place(await Redis.start(), await mkdtemp(path.join(tmpdir(), "interpreters-bullmq-")));
    await place.write("worker", versions(1));
    place.#worker = await createWorker({
      queue: "tasks",
      connection: place.redis.url,
      root: path.join(place.folder, "worker"),
      workers: 1,
      log: () => undefined,
    });
    return place;
  }

  async write(project: string, files: Files): Promise<void> {
    for (const [name, text] of Object.entries({ "package.json": '{ "type": "module" }', ...files })) {
      const file = path.join(this.folder, project, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }

  /** A caller in a folder of its own with version `n`. */
  async caller(n: number): Promise<(file: string, name?: keyof Functions) => Promise<unknown>> {
    const project = `caller${n}`;
    await this.write(project, versions(n));
    const root = path.join(this.folder, project);
    const executor = executorOf(this.redis.url, { root });
    this.#executors.push(executor);
    return async (file, name = "version") => {
      const functions = fromModule<Functions>(path.join(root, file));
      return await Promise.resolve(executor.submit(functions[name])).catch(
        (error: unknown) => (error as { code: unknown }).code,
      );
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const executor of this.#executors) await executor.shutdown();
    await this.#worker.close();
    await this.redis[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true });
  }
}

for (const file of ["main.js", "node_modules/pack/index.js"]) {
  test(`${file} that was replaced under a worker runs for no caller, until it is back`, options, async () => {
    await using place = await Place.open();
    const [first, second] = [await place.caller(1), await place.caller(2)];
    assert.equal(await first(file), "v1");
    assert.equal(await second(file), "ERR_FUNCTION_DIFFERS");
    await place.write("worker", versions(2));
    // Its interpreter has loaded the first version.
    assert.equal(await second(file), "ERR_FUNCTION_DIFFERS");
    await until(async () => (await first(file)) === "ERR_FUNCTION_DIFFERS", "the worker looks again");
    await place.write("worker", versions(1));
    await until(async () => (await first(file)) === "v1", "the worker looks again");
  });
}

test(
  "an interpreter that starts after the files were replaced runs the new ones for no caller",
  options,
  async () => {
    await using place = await Place.open();
    const first = await place.caller(1);
    assert.equal(await first("main.js"), "v1");
    await place.write("worker", versions(2));
    await until(async () => (await first("main.js")) === "ERR_FUNCTION_DIFFERS", "the worker looks again");
    assert.equal(await first("main.js", "end"), "ERR_FUNCTION_DIFFERS");
    assert.equal(await first("main.js"), "ERR_FUNCTION_DIFFERS");
  },
);

test("a module is refused whose imports an interpreter has loaded in another version", options, async () => {
  await using place = await Place.open();
  const [first, second] = [await place.caller(1), await place.caller(2)];
  assert.equal(await first("main.js"), "v1");
  await place.write("worker", versions(2));
  assert.equal(await second("other.js"), "ERR_FUNCTION_DIFFERS");
});

test("files that were only touched, or are gone after they were loaded, do no harm", options, async () => {
  await using place = await Place.open();
  const first = await place.caller(1);
  assert.equal(await first("main.js"), "v1");
  await utimes(path.join(place.folder, "worker", "part.js"), 1, 1);
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal(await first("main.js"), "v1");
  await rm(path.join(place.folder, "worker"), { recursive: true });
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal(await first("main.js"), "v1");
});
