/** Traces and reports of `interpreters map`, and what the page of a report shows in a browser. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { useFolder } from "./command.js";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((file) =>
  existsSync(file),
);
const inBrowser = {
  timeout: 180_000,
  skip: CHROMIUM === undefined && "Chromium is not installed: what the page shows is not checked",
};
const profile = mkdtempSync(join(tmpdir(), "interpreters-chromium-"));
after(() => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));

const { folder, run, read, write } = useFolder({
  "step.mjs": `export default function step(n) {
    if (n === 7) throw new RangeError("item <7>");
    return n;
  }`,
});

/** The page after its code has run, as text. `probe` is the body of a function of the page, whose result is in \`<pre id="probe">\`. */
function shown(page: string, probe = "return ''"): string {
  const probing = `<script type="module">
    const result = (() => { ${probe} })();
    document.body.append(Object.assign(document.createElement("pre"), { id: "probe", textContent: result }));
  </script></body>`;
  const file = join(folder, "probed.html");
  writeFileSync(
    file,
    page.replace("</body>", () => probing),
  );
  const args = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    `--user-data-dir=${profile}`,
    "--window-size=1200,900",
  ];
  const options = { encoding: "utf8", maxBuffer: 1 << 29, timeout: 120_000 } as const;
  const { stdout } = spawnSync(
    CHROMIUM as string,
    [...args, "--virtual-time-budget=10000", "--dump-dom", pathToFileURL(file).href],
    options,
  );
  return stdout;
}

/** The text of the cells of a table. */
function cells(dom: string, id: string): string[][] {
  const table = new RegExp(`<table id="${id}">(.*?)</table>`, "s").exec(dom)?.[1] ?? "";
  return [...table.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, line]) =>
    [...line.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, text]) => text.replaceAll(/<[^>]+>/g, "")),
  );
}

const probeOf = (dom: string): string => /<pre id="probe">(.*?)<\/pre>/s.exec(dom)?.[1] ?? "";
const numbers = (count: number): string => Array.from({ length: count }, (_, i) => `${i}\n`).join("");

describe("map --trace and --report", () => {
  test("write a trace and a page, and results as ever", async () => {
    const ended = await run(
      numbers(20),
      "map",
      "./step.mjs",
      "--on-error",
      "skip",
      "-w",
      "1",
      "--trace",
      "t.json",
      "--report",
      "r.html",
    );
    assert.equal(ended.code, 1);
    assert.equal(ended.stdout.split("\n").length, 20);
    const events = JSON.parse(read("t.json")) as { ph: string; name: string; args: { error?: string } }[];
    const steps = events.filter(({ ph, name }) => ph === "X" && name === "default (step.mjs)");
    assert.equal(steps.length, 20);
    assert.equal(steps.filter(({ args }) => args.error !== undefined).length, 1);
    assert.match(read("r.html"), /^<!doctype html>/);
    // Nothing of it comes from elsewhere.
    assert.doesNotMatch(read("r.html"), /\b(?:src|href)=|\bimport\b ?[("']|https?:/);
  });

  test("--report alone leaves no trace behind", async () => {
    const ended = await run(numbers(3), "map", "./step.mjs", "--report", "only.html");
    assert.deepEqual([ended.code, ended.stderr], [0, ""]);
    assert.match(read("only.html"), /^<!doctype html>/);
  });

  test("files that cannot be written are refused before anything runs", async () => {
    for (const option of ["--trace", "--report"]) {
      const ended = await run("1\n", "map", "./step.mjs", option, "missing/file");
      assert.equal(ended.code, 2);
      assert.match(ended.stderr, /^interpreters: cannot write .*missing\/file.*: .*no such file/i);
      assert.equal(ended.stdout, "");
    }
    const same = await run("1\n", "map", "./step.mjs", "--trace", "x", "--report", "x");
    assert.equal(same.stderr, "interpreters: --trace and --report are the same file\n");
  });

  test("report draws a trace that has no end, and refuses what is no trace", async () => {
    await run(numbers(5), "map", "./step.mjs", "--trace", "whole.json");
    // The trace of a process that is killed while it writes.
    write("cut.json", read("whole.json").slice(0, -40));
    assert.equal((await run("", "report", "cut.json")).code, 0);
    assert.match(read("cut.html"), /^<!doctype html>/);
    const { code, stderr } = await run("", "report", "step.mjs");
    assert.equal(code, 2);
    assert.match(stderr, /step\.mjs is not a trace that interpreters has written/);
    assert.match((await run("", "report", "none.json")).stderr, /cannot read .*none\.json/);
  });
});

describe("the page of a report", () => {
  test("shows the timeline, and tables of interpreters, functions and tasks", inBrowser, async () => {
    await run(numbers(20), "map", "./step.mjs", "--on-error", "skip", "-w", "1", "--report", "shown.html");
    const dom = shown(
      read("shown.html"),
      `const canvas = document.querySelector("canvas");
       const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
       const colors = new Map();
       for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) {
         const color = [data[i], data[i + 1], data[i + 2]].join();
         colors.set(color, (colors.get(color) ?? 0) + 1);
       }
       return JSON.stringify([colors.get("59,125,216") ?? 0, colors.get("214,69,69") ?? 0]);`,
    );
    assert.match(dom, /<p id="summary">node main\.js · [^<]* · 2\d tasks · 1 failed · 0 interrupted<\/p>/);
    const [head, worker] = cells(dom, "interpreters");
    assert.deepEqual(head.slice(0, 2), ["interpreter", "tasks"]);
    assert.match(worker[0], /^interpreter 1: interpreters-map-1$/);
    const steps = cells(dom, "functions").find(([name]) => name === "default (step.mjs)");
    assert.deepEqual(steps?.slice(1, 3), ["20", "1"]);
    assert.equal(cells(dom, "failed")[1].at(-1), "RangeError: item &lt;7&gt;");
    assert.ok(cells(dom, "slowest").length > 20);
    assert.match(dom, /<div class="histogram" id="running"><div>/);
    assert.match(dom, /p50 [\d.]+ (µs|ms), p90/);
    // Tasks in their colour, and the failed one, or a death, in red.
    const [blue, red] = JSON.parse(probeOf(dom)) as number[];
    assert.ok(blue > 20, `${blue} pixels of tasks`);
    assert.ok(red > 0, `${red} red pixels`);
  });

  test("names are names, whatever they look like", async () => {
    const names = [
      "/*script*/ /*style*/",
      "</script><script>alert(1)</script>",
      "<!-- $& $' --> <img onerror=1>",
    ];
    const events = names.map((name, i) =>
      JSON.stringify({ ph: "X", cat: "task", name, pid: 1, tid: 1, ts: i, dur: 1, args: { error: name } }),
    );
    write("names.json", `[\n${events.join(",\n")}\n]\n`);
    assert.equal((await run("", "report", "names.json")).code, 0);
    const [, data, rest] =
      /^.*<script type="application\/json" id="data">(.*?)<\/script>(.*)$/s.exec(read("names.html")) ?? [];
    const shownNames = JSON.parse(data) as { names: string[]; why: Record<number, string> };
    assert.deepEqual(shownNames.names, names);
    assert.deepEqual(Object.values(shownNames.why), names);
    assert.match(rest, /^\n<script type="module">.+<\/script>\n<\/body>\n<\/html>\n$/s);
  });

  test("can be used with 100 000 tasks", inBrowser, async () => {
    const lines = ["[", '{"ph":"M","name":"process_name","pid":1,"tid":0,"args":{"name":"many"}}'];
    for (let i = 0; i < 100_000; i++)
      lines.push(
        `,{"ph":"X","cat":"task","args":{"id":"0.${i}","wait":${i % 5000}},"name":"f${i % 20}","pid":1,"tid":${1 + (i % 8)},"ts":${i * 100},"dur":${i === 5000 ? 50_000 : 700}}`,
      );
    // As the library writes them: each comma stands at the end of the line before it.
    write("many.json", `${lines.join("\n").replaceAll("\n,", ",\n")}\n]\n`);
    assert.equal((await run("", "report", "many.json")).code, 0);
    assert.ok(readFileSync(join(folder, "many.html")).length < 6_000_000);
    const dom = shown(
      read("many.html"),
      `const canvas = document.querySelector("canvas");
       const began = performance.now();
       for (let i = 0; i < 20; i++) canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: -100, clientX: 700, cancelable: true }));
       canvas.dispatchEvent(new PointerEvent("pointermove", { clientX: 700, clientY: 60, bubbles: true }));
       return String(performance.now() - began);`,
    );
    assert.match(dom, /many · 10\.0 s · 100,000 tasks · 0 failed/);
    assert.equal(cells(dom, "interpreters").length, 9);
    assert.equal(cells(dom, "functions").length, 21);
    assert.equal(cells(dom, "slowest")[1].at(-1), "50.0 ms");
    assert.ok(Number(probeOf(dom)) < 5000, `${probeOf(dom)} ms`);
  });
});
