/** Modules that a worker imports before its own file, as program text. */
import type * as crypto from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { packageFolder, isFile } from "./files";
import type { GlobalShim } from "./types";

type Kind = "import" | "require";

/** Loads `node:crypto` only when it is called: few workers have shims. */
export function md5Hash(text: string): string {
  const { createHash } = require("node:crypto") as typeof crypto;
  return createHash("md5").update(text).digest("hex");
}

export const dataUrl = (code: string): URL => new URL(`data:text/javascript,${encodeURIComponent(code)}`);

/** The statement that imports a module, and assigns its export to a global if it is a `GlobalShim` that names one. */
export function encodeImportModule(shim: GlobalShim | string, kind: Kind = "import"): string {
  const { moduleName, globalName, named, conditional } =
    typeof shim === "string" ? ({ moduleName: shim } as GlobalShim) : shim;
  const member = named?.trim() ?? "";
  const specifier =
    kind === "import" && path.isAbsolute(moduleName)
      ? pathToFileURL(moduleName).href
      : moduleName.replaceAll("\\", "\\\\");
  const load = kind === "import" ? `'${specifier}'` : `require('${specifier}')`;
  if (!globalName) return kind === "import" ? `import ${load}` : load;
  const binding =
    member !== "" ? `{${member}}` : kind === "import" && named === null ? `* as ${globalName}` : globalName;
  const statement = kind === "import" ? `import ${binding} from ${load}` : `const ${binding}=${load}`;
  const condition = conditional === false ? "" : `if(!globalThis.${globalName})`;
  return `${statement};${condition}globalThis.${globalName}=${member || globalName}`;
}

export function _generateGlobals(globalShims: GlobalShim[], kind: Kind): string {
  return globalShims.map((shim) => encodeImportModule(shim, kind)).join(";");
}

const generated = new Map<string, string>();
/** The folder of the files below: beside this package, where its imports are resolved as the program's are. */
let folder: string | undefined;

/**
 * The text that imports all shims of a worker. For an ES module, one import of a file that holds them: a data URL could not import
 * packages.
 */
export function generateGlobals(
  workerPath: string,
  globalShims: GlobalShim[],
  kind: Kind = "import",
): string {
  if (globalShims.length === 0) return "";
  const text = _generateGlobals(globalShims, kind);
  if (kind === "require") return text;
  folder ??= path.join(packageFolder(__dirname) ?? __dirname, "node_modules", ".synckit");
  const file = path.join(folder, `${md5Hash(workerPath)}.mjs`);
  if (generated.get(workerPath) !== text || !isFile(file)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
    generated.set(workerPath, text);
  }
  return encodeImportModule(file);
}
