/** The server of the guide as a user runs it in development: from its TypeScript sources, under tsx. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutorStats } from "interpreters";
import { filesOfGuide } from "../support/guide.js";
import { runNode } from "../support/process.js";
import { installTools, makeProject, removeProject } from "../support/tools.js";

const { modules, skip } = await installTools({ tsx: "4.23.15" });

/** Starts the server, and prints its port. */
const SERVE = `import { start } from "./patient.js";
console.log(await start());
`;

/** The server without its limits on time: on a busy machine they pass while a test still arranges its requests. */
function patient(server: string): string {
  const text = server.replace("timeout: 2_000, waitTimeout: 10_000, ", "");
  assert.notEqual(text, server, "the guide has other limits by now");
  return text;
}

/** The limits that the guide sets: the tasks that run at a time, and those that may wait. */
const [WORKERS, ROOM] = [2, 100];

describe("the server of the guide, under tsx", { skip, timeout: 120_000 }, () => {
  let folder: string;
  before(async () => {
    folder = await makeProject(modules!);
    const files = await filesOfGuide("http-server.md");
    files.set("patient.ts", patient(files.get("server.ts")!)).set("serve.ts", SERVE);
    files.set("package.json", '{ "type": "module" }');
    for (const [name, text] of files) await writeFile(join(folder, name), text);
  });
  after(() => removeProject(folder));

  test("the guide's own requests", async () => {
    const { stdout, stderr, code } = await runNode(
      [join(folder, "node_modules/tsx/dist/cli.mjs"), "main.ts"],
      {
        cwd: folder,
      },
    );
    assert.deepEqual([stderr, code], ["", 0]);
    assert.deepEqual(stdout.trim().split("\n"), [
      "200 <h1>/hello</h1>",
      "504 took too long",
      "200 <h1>/again</h1>",
    ]);
  });

  describe("in a process of its own", () => {
    let server: ChildProcess;
    let exit: Promise<unknown[]>;
    let url: string;
    beforeEach(async () => {
      // The command tsx would start this process as its child, which a SIGKILL does not reach.
      server = spawn(process.execPath, ["--import", "tsx", "serve.ts"], {
        cwd: folder,
        stdio: ["ignore", "pipe", "inherit"],
      });
      exit = once(server, "exit");
      const [port] = (await once(createInterface(server.stdout!), "line")) as [string];
      url = `http://localhost:${port}`;
    });
    afterEach(async () => {
      server.kill("SIGKILL");
      await exit;
    });

    const get = async (path: string, signal?: AbortSignal): Promise<string> => {
      const response = await fetch(url + path, {
        headers: { connection: "close" },
        ...(signal && { signal }),
      });
      return `${response.status} ${await response.text()}`;
    };
    const stats = async (): Promise<ExecutorStats> => {
      const response = await fetch(`${url}/metrics`, { headers: { connection: "close" } });
      return (await response.json()) as ExecutorStats;
    };
    /** Keeps all workers busy. Returns what ends that: the clients hang up. */
    const occupy = async (): Promise<() => Promise<void>> => {
      const clients = new AbortController();
      const slow = Array.from({ length: WORKERS }, () => get("/slow", clients.signal));
      const ended = Promise.allSettled(slow);
      await until(({ running }) => running === WORKERS);
      return async () => {
        clients.abort();
        const outcomes = await ended;
        assert.deepEqual(
          outcomes.map((each) => each.status === "rejected" && (each.reason as Error).name),
          slow.map(() => "AbortError"),
        );
      };
    };
    /** The test's own limit ends it if that never happens. */
    const until = async (condition: (now: ExecutorStats) => boolean): Promise<void> => {
      while (!condition(await stats())) await sleep(1);
    };

    test("a client that hangs up stops its task, and its worker is replaced", async () => {
      const hangUp = await occupy();
      await hangUp();
      await until(({ running }) => running === 0);
      const { cancelled, failed } = await stats();
      assert.deepEqual({ cancelled, failed }, { cancelled: WORKERS, failed: 0 });
      assert.equal(await get("/next"), "200 <h1>/next</h1>");
    });

    test("requests beyond the room are refused at once, and those in line are served", async () => {
      const hangUp = await occupy();
      const waiting = Array.from({ length: ROOM }, (_, i) => get(`/${i}`));
      await until(({ queued }) => queued === ROOM);
      const refused = await fetch(`${url}/more`);
      assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "1"]);
      await hangUp();
      assert.deepEqual(
        await Promise.all(waiting),
        waiting.map((_, i) => `200 <h1>/${i}</h1>`),
      );
    });

    test("SIGTERM ends the server after the requests that it has", async () => {
      const hangUp = await occupy();
      const waiting = get("/waiting");
      await until(({ queued }) => queued === 1);
      server.kill("SIGTERM");
      // No new connections from now on.
      await assert.rejects(until(() => false));
      await hangUp();
      assert.equal(await waiting, "200 <h1>/waiting</h1>");
      assert.deepEqual(await exit, [0, null]);
    });
  });
});
