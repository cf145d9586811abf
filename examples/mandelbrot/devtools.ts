/** The least of Chromium's DevTools protocol that a test of a page needs: opens a page, evaluates in it, and takes a picture of it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import type { Readable, Writable } from "node:stream";

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A page in a browser without a window. */
export class Page {
  static async open(file: string, url: string, width: number, height: number): Promise<Page> {
    const page = new Page(file, width, height);
    const { targetId } = await page.#send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await page.#send("Target.attachToTarget", { targetId, flatten: true });
    page.#session = sessionId as string;
    await page.#send("Page.enable", {});
    const loaded = new Promise<void>((resolve) => (page.#onLoad = resolve));
    await page.#send("Page.navigate", { url });
    await loaded;
    return page;
  }

  readonly #child: ChildProcess;
  readonly #profile = mkdtempSync(path.join(os.tmpdir(), "interpreters-page-"));
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #session: string | undefined;
  #last = 0;
  #text = "";
  #onLoad = (): void => {};

  private constructor(file: string, width: number, height: number) {
    const flags = [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--hide-scrollbars",
    ];
    this.#child = spawn(
      file,
      [
        ...flags,
        "--remote-debugging-pipe",
        `--window-size=${width},${height}`,
        `--user-data-dir=${this.#profile}`,
      ],
      { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], detached: true },
    );
    const replies = this.#child.stdio[4] as Readable;
    replies.on("data", (part: Buffer) => {
      const messages = (this.#text + part.toString()).split("\0");
      this.#text = messages.pop()!;
      for (const each of messages) {
        const reply = JSON.parse(each) as Reply;
        if (reply.id !== undefined) this.#waiting.get(reply.id)?.(reply);
        else if (reply.method === "Page.loadEventFired") this.#onLoad();
      }
    });
  }

  async #send(method: string, params: object): Promise<Record<string, unknown>> {
    const id = ++this.#last;
    const message = { id, method, params, ...(this.#session !== undefined && { sessionId: this.#session }) };
    const reply = await new Promise<Reply>((resolve) => {
      this.#waiting.set(id, resolve);
      (this.#child.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    });
    this.#waiting.delete(id);
    if (reply.error !== undefined) throw new Error(`${method}: ${reply.error.message}`);
    return reply.result ?? {};
  }

  /** The value of an expression in the page, awaited. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = (await this.#send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as { result: { value: T }; exceptionDetails?: { exception?: { description?: string } } };
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.exception?.description ?? expression);
    return result.value;
  }

  /** The upper left part of the page as a PNG, `scale` times as large. */
  async screenshot(width: number, height: number, scale: number): Promise<Buffer> {
    const clip = { x: 0, y: 0, width, height, scale };
    const { data } = await this.#send("Page.captureScreenshot", { format: "png", clip });
    return Buffer.from(data as string, "base64");
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    process.kill(-this.#child.pid!, "SIGKILL");
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
