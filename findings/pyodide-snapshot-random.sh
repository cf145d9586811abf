#!/bin/sh
# Pyodide 314.0.7: every instance that is loaded from one memory snapshot draws the same "random" numbers.
#
# makeMemorySnapshot() stores the whole heap, and in it the state of the module `random`, which was seeded when the snapshot was made,
# and the seed of str.__hash__. A load from the snapshot seeds neither again. os.urandom() and uuid.uuid4() do differ, because they ask
# the host at each call; so a program that looks at those believes that its instances are independent.
#
# Whoever starts several instances from one snapshot (it saves nine tenths of the start) must call random.seed() in each. The hash seed
# cannot be changed any more: the order of a set of strings is the same in all of them.
#
# Seen with pyodide 314.0.7 on Node 20.20 and 26.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent pyodide@314.0.7
cat > try.mjs <<'JS'
import { loadPyodide } from "pyodide";

const look = (python) =>
  JSON.parse(
    python.runPython(`
import json, os, random, uuid
json.dumps({
    "random": random.random(),
    "shuffled": random.sample(range(1000), 5),
    "hash": hash("interpreter"),
    "urandom": os.urandom(8).hex(),
    "uuid4": str(uuid.uuid4()),
})`),
  );

const maker = await loadPyodide({ _makeSnapshot: true });
const snapshot = maker.makeMemorySnapshot();
const fromSnapshot = [];
const plain = [];
for (let i = 0; i < 2; i++) {
  fromSnapshot.push(look(await loadPyodide({ _loadSnapshot: snapshot })));
  plain.push(look(await loadPyodide()));
}
console.log(`node ${process.version}, pyodide ${maker.version}`);
let failed = false;
for (const [name, pair, expected] of [
  ["two loads of one snapshot", fromSnapshot, { random: true, shuffled: true, hash: true, urandom: false, uuid4: false }],
  ["two plain loads", plain, { random: false, shuffled: false, hash: false, urandom: false, uuid4: false }],
]) {
  for (const [key, equal] of Object.entries(expected)) {
    const [a, b] = pair.map((seen) => JSON.stringify(seen[key]));
    const changed = (a === b) !== equal;
    failed ||= changed;
    console.log(`${name}: ${key} ${a === b ? `equal (${a})` : "different"}${changed ? "  <- has changed" : ""}`);
  }
}
process.exit(failed ? 1 : 0);
JS
node try.mjs
