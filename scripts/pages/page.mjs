/** The page that runs files of the suite, one after the other, and reports the lines of each (scripts/pages.mjs). */
const LIMIT = 200_000;

const report = (body) => fetch("/report", { method: "POST", body: JSON.stringify(body) });

/** Runs a file in a worker of its own, and so in a runtime of its own. */
function run(file) {
  return new Promise((resolve) => {
    const lines = [];
    const worker = new Worker(`/suite/pages/thread.mjs?file=/suite/test/${file}.test.js`, { type: "module" });
    const end = (how) => {
      clearTimeout(timer);
      worker.terminate();
      resolve({ name: file, ok: how === "", detail: how, lines });
    };
    const timer = setTimeout(() => end(`ran for more than ${LIMIT / 1000} s`), LIMIT);
    worker.addEventListener("error", ({ message }) => end(message ?? "could not be loaded"));
    worker.addEventListener("message", ({ data }) => (data === "# done" ? end("") : lines.push(data)));
  });
}

for (const file of await (await fetch("/suite/files.json")).json()) await report(await run(file));
await report({ done: true });
