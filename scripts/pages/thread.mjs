/**
 * Runs one file of the suite in a worker of a page, with that thread as the main interpreter, since blocking forms may not run on the thread of a
 * window. Posts each line of runner-core.mjs to the page.
 */
import "./globals.js";
import { onUncaught, runAll, runIn } from "../runner-core.mjs";

const post = globalThis.postMessage.bind(globalThis);
const describe = (error) => `${error?.message ?? String(error)}\n${error?.stack ?? ""}`;
runIn({ log: (line) => post(String(line)), inspect: describe });

for (const [type, property] of [
  ["error", "error"],
  ["unhandledrejection", "reason"],
]) {
  addEventListener(type, (event) => {
    event.preventDefault();
    onUncaught(event[property] ?? event.message);
  });
}

async function main() {
  // It must not block before its interpreters can start.
  const { create } = await import("/interpreters/browser.mjs");
  const first = create();
  await first.call(Math.abs, 1);
  await first.close();
  try {
    await import(new URL(location.href).searchParams.get("file"));
  } catch (error) {
    post("# Unhandled error between tests");
    post(describe(error));
  }
  await runAll();
  post("# done");
}

void main();
