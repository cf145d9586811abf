/**
 * Bundles what the adapters load when a program and its workers start, each into one file: reading ten small files takes longer than starting
 * what is in them. The compiled modules stay beside the bundles, for the tests.
 */
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const compat = fileURLToPath(new URL("../packages/compat/", import.meta.url));

/** The bundles by their entries, below `packages/compat`. */
const entries = {
  "synckit/dist/src/index.js": "synckit/dist/src/bundle.js",
  "synckit/dist/src/worker.js": "synckit/dist/src/worker.interpreters.cjs",
  "piscina/dist/shared/worker.cjs": "piscina/dist/shared/worker.interpreters.cjs",
  "tinypool/dist/shared/worker.cjs": "tinypool/dist/shared/worker.interpreters.cjs",
};

/** Small files that give out the exports of a bundle by name. */
const faces = { "synckit/dist/src/bundle.js": "synckit/dist/src/main.js" };

export async function buildAdapters() {
  for (const [entry, outfile] of Object.entries(entries)) {
    await build({
      absWorkingDir: compat,
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: "node",
      format: "cjs",
      target: "node20.19",
      external: ["interpreters", "@napi-rs/nice"],
      legalComments: "none",
    });
  }
  for (const [bundle, face] of Object.entries(faces))
    writeFace(path.join(compat, bundle), path.join(compat, face));
}

/**
 * Where an ES module imports a CommonJS one, Node reads its text for the names of its exports, with a parser in WebAssembly. It reads this file only: for
 * one as long as the bundle, V8 optimizes that parser, which takes Node 20 60 ms of processor time in each thread.
 */
function writeFace(bundle, face) {
  const names = Object.keys(createRequire(import.meta.url)(bundle));
  const lines = names.map((name) => `exports.${name} = bundle.${name};\n`);
  writeFileSync(
    face,
    `"use strict";\nconst bundle = require("./${path.basename(bundle)}");\n${lines.join("")}`,
  );
}
