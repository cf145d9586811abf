#!/usr/bin/env bash
# Bun 1.4.5. A thread of node:worker_threads whose code throws ends with the exit code 1, as on Node: Bun documents the module as compatible. Under
# `bun test` the same code ends with the code 0. So a library's tests of how a pool or a supervisor treats threads that fail cannot fail there, or
# fail only there, whichever they assert: what is tested is another runtime than the one that users have.
#
# Seen:  bun run: 1
#        bun test: 0
# Fails if the two agree.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @oven/bun-linux-x64@1.4.5
bun="$folder/node_modules/@oven/bun-linux-x64/bin/bun"
cat > exit-code.mjs <<'JS'
import { Worker } from "node:worker_threads";
export const exitCode = () =>
  new Promise((resolve) => {
    const worker = new Worker("throw new Error('on purpose')", { eval: true });
    worker.on("error", () => {});
    worker.on("exit", resolve);
  });
JS
echo 'import { exitCode } from "./exit-code.mjs"; console.log("bun run:", await exitCode());' > program.mjs
cat > exit-code.test.js <<'JS'
import { test } from "bun:test";
import { exitCode } from "./exit-code.mjs";
test("exit code", async () => console.log("bun test:", await exitCode()));
JS
"$bun" --version
{ "$bun" run program.mjs; "$bun" test exit-code.test.js 2> /dev/null; } | grep '^bun \(run\|test\): ' | tee seen
grep -qx 'bun run: 1' seen && grep -qx 'bun test: 0' seen
