/** The page in Chromium: its pixels, and what becomes of its tiles while it zooms and interpreters are killed. */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { Page } from "./devtools.js";
import { serve } from "./serve.js";
import { paint } from "./tile.js";

const chromium = ["chromium", "chromium-browser", "google-chrome"]
  .flatMap((name) =>
    (process.env["PATH"] ?? "").split(path.delimiter).map((folder) => path.join(folder, name)),
  )
  .find((file) => existsSync(file));

interface Numbers {
  readonly asked: number;
  readonly drawn: number;
  readonly cancelled: number;
  readonly failed: number;
  readonly killed: number;
}

const [WIDTH, HEIGHT] = [768, 448];

test(
  "the picture, zooming, and kills",
  { skip: chromium === undefined && "chromium is not installed" },
  async () => {
    const { server, address } = await serve(0);
    const page = await Page.open(chromium!, `${address}?workers=4`, 800, 850);
    try {
      await page.evaluate(
        "new Promise((resolve) => { const look = () => globalThis.mandelbrot ? resolve() : setTimeout(look, 10); look(); })",
      );
      const numbers = (): Promise<Numbers> => page.evaluate<Numbers>("({ ...mandelbrot.numbers })");
      /** The pixels of a row, as the page shows them. */
      const row = (y: number): Promise<number[]> =>
        page.evaluate(
          `[...document.getElementById("picture").getContext("2d").getImageData(0, ${y}, ${WIDTH}, 1).data]`,
        );
      const view = (): Promise<{ re: number; im: number; step: number }> =>
        page.evaluate("mandelbrot.view()");

      // Killed while it draws: every tile is drawn all the same.
      await page.evaluate("mandelbrot.kill()");
      await page.evaluate("mandelbrot.settled()");
      const whole = await numbers();
      assert.equal(whole.asked, (WIDTH / 32) * (HEIGHT / 32));
      assert.deepEqual([whole.drawn, whole.failed, whole.killed], [whole.asked, 0, 1]);

      for (const y of [0, 100, 224, 447]) {
        const { re, im, step } = await view();
        const expected = paint({
          re: re - (WIDTH / 2) * step,
          im: im + (y - HEIGHT / 2) * step,
          step,
          width: WIDTH,
          height: 1,
          limit: 300 + Math.round(120 * Math.max(0, Math.log2(0.005 / step))),
        });
        const found = await row(y);
        const different = found.filter((value, i) => Math.abs(value - expected[i]) > 2).length;
        // A point may be computed from another corner, and so differ in its last bit.
        assert.ok(
          different < expected.length / 100,
          `row ${y}: ${different} of ${expected.length} values differ`,
        );
      }

      // Zooming cancels what no interpreter has begun.
      await page.evaluate("for (let i = 0; i < 3; i++) mandelbrot.zoom(300, 200, 4)");
      await page.evaluate("mandelbrot.settled()");
      const zoomed = await numbers();
      assert.equal(zoomed.asked, 4 * whole.asked);
      assert.ok(zoomed.cancelled > whole.asked, `${zoomed.cancelled} tiles were cancelled`);
      assert.equal(zoomed.drawn + zoomed.cancelled, zoomed.asked);
      assert.equal(zoomed.failed, 0);

      const picture = process.env["MANDELBROT_PICTURE"];
      if (picture !== undefined) {
        // The picture of the README: the whole set, drawn while an interpreter is killed.
        await page.evaluate('document.getElementById("reset").click()');
        await page.evaluate("new Promise((resolve) => setTimeout(resolve, 100))");
        await page.evaluate("mandelbrot.kill()");
        await page.evaluate("mandelbrot.settled()");
        await page.evaluate("new Promise((resolve) => setTimeout(resolve, 250))");
        writeFileSync(picture, await page.screenshot(800, 724, 0.7));
      }
    } finally {
      await page.close();
      server.close();
    }
  },
);
