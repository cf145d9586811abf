/**
 * Boots one Pyodide in the calling thread, main's or an interpreter's, from what all threads of the process share.
 *
 * Pyodide's own way reads 12 MB of files in each interpreter and compiles them. Here the compiled module, the memory image and the
 * standard library are in shared memory, and Pyodide gets a folder with two empty files (assets/) in their place.
 */
import { fileURLToPath } from "node:url";
import { loadPyodide, type PyodideAPI } from "pyodide";
import { type CompiledScript, compileScript } from "./compiled-script.js";
import { codeOf, makeImage, memorySizeOf, restoreImage } from "./image.js";
import { SuspendedFrames } from "./suspended-frames.js";
import { wasm, type WasmImports, type WasmInstance, type WasmModule } from "./webassembly.js";

export type { PyodideAPI };

/** The shared part of all interpreters of a process. `postMessage` carries it to another thread without a copy. */
export interface PythonAssets {
  /** The compiled `pyodide.asm.wasm`. */
  readonly module: WasmModule;
  /** The memory of a booted Python, in shared memory (image.ts). Undefined to boot from nothing, which takes more than a second. */
  readonly image: Uint8Array | undefined;
  /** V8's code for Pyodide's script, in shared memory, if that in the image is of no use to this process. */
  readonly code?: Uint8Array | undefined;
  /** Pyodide's script (compiled-script.ts), in shared memory. Undefined if only Node's loader can load it. */
  readonly source?: Uint8Array | undefined;
  /** `python_stdlib.zip`, in shared memory. */
  readonly stdlib: Uint8Array;
  /** Our modules of Python by file name, in shared memory. */
  readonly shims: ReadonlyMap<string, Uint8Array>;
  /** Where the parts of Pyodide are. */
  readonly files: PyodideFiles;
}

export interface PyodideFiles {
  /** The folder of the package `pyodide`, with a separator at its end. */
  readonly folder: string;
  /** The URL of `pyodide.asm.mjs`. */
  readonly script: string;
  /** The version of Pyodide, of Python and of the platform, from `pyodide-lock.json`. */
  readonly info: unknown;
}

/** Members of the Emscripten module and its settings that this file uses; the declarations of Pyodide have them in part. */
interface EmscriptenModule {
  readonly FS: {
    writeFile(path: string, data: Uint8Array, options: { canOwn: boolean }): void;
    chmod(path: string, mode: number): void;
  };
  readonly HEAPU8: Uint8Array;
  readonly API: PyodideInternals;
  addRunDependency(name: string): void;
  removeRunDependency(name: string): void;
}
interface PyodideInternals {
  readonly config: { readonly BUILD_ID: string };
  readonly sitePackages: string;
  restoreSnapshot: (snapshot: Uint8Array) => unknown;
  serializeHiwireState(): unknown;
}
interface EmscriptenSettings {
  readonly preRun: readonly ((module: EmscriptenModule) => unknown)[];
  readonly instantiateWasm: (imports: WasmImports, done: Instantiated) => object;
  INITIAL_MEMORY?: number;
}
type Instantiated = (instance: WasmInstance, module: WasmModule) => void;
type MakeModule = (settings: EmscriptenSettings) => Promise<EmscriptenModule>;

/** The image's config, with the build that it belongs to. */
interface ImageConfig {
  readonly build: string;
  readonly state: unknown;
}

/** The image is of another build of Pyodide, so that its memory means something else. */
export class ForeignImageError extends Error {
  override readonly name = "ForeignImageError";
}

const EMPTY = fileURLToPath(new URL("../../assets/", import.meta.url));
const STDLIB = "/lib/python314.zip";

/** Whatever a boot in this process needs besides the assets. */
interface Load {
  readonly assets: PythonAssets;
  /** Boots so that an image can be made. */
  readonly forImage: boolean;
  readonly fullLock: string | undefined;
}

/** Boots Python in this thread. @throws ForeignImageError; whatever Pyodide throws */
export async function loadPython(
  assets: PythonAssets,
  options: { readonly fullLock?: string | undefined } = {},
): Promise<PyodideAPI> {
  return load({ assets, forImage: false, fullLock: options.fullLock });
}

/** Boots Python from nothing, has `prepare` run in it, and makes an image of its memory. That Python is of no further use. */
export async function bootImage(
  assets: PythonAssets,
  prepare: (python: PyodideAPI) => void,
): Promise<Uint8Array> {
  const python = await load({ assets: { ...assets, image: undefined }, forImage: true, fullLock: undefined });
  prepare(python);
  const { HEAPU8, API } = (python as unknown as { _module: EmscriptenModule })._module;
  const config: ImageConfig = { build: API.config.BUILD_ID, state: API.serializeHiwireState() };
  return makeImage(HEAPU8, config, scriptOf(assets)?.makeCache());
}

const scriptOf = ({ source, files }: PythonAssets, code?: Uint8Array): CompiledScript | undefined =>
  source && compileScript(files.script, source, code);

async function load({ assets, forImage, fullLock }: Load): Promise<PyodideAPI> {
  const { image, files } = assets;
  const code = assets.code ?? (image && codeOf(image));
  const script = scriptOf(assets, code);
  const makeModule = (script?.exported ?? (await importScript(files.script))) as MakeModule;
  // Emscripten would wait for ever for a step that failed, and Pyodide would hide why.
  let fail!: (error: unknown) => void;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  const createPyodideModule = async (settings: EmscriptenSettings): Promise<EmscriptenModule> => {
    const making = makeModule({
      ...settings,
      ...(image && { INITIAL_MEMORY: memorySizeOf(image) }),
      preRun: [(self) => void writeFiles(self, settings, assets).catch(fail)],
      instantiateWasm(imports, done) {
        // Pyodide's own function completes the imports; what it instantiates is the empty module of assets/.
        settings.instantiateWasm(imports, () => {
          const frames = new SuspendedFrames();
          wasm!.instantiate(assets.module, frames.wrap(imports)).then((instance) => {
            frames.attach(instance);
            done(instance, assets.module);
          }, fail);
        });
        return {};
      },
    });
    const module = await Promise.race([making, failed]);
    if (image !== undefined) {
      module.API.restoreSnapshot = () => {
        const { build, state } = restoreImage(image, module.HEAPU8) as ImageConfig;
        if (build === module.API.config.BUILD_ID) return state;
        throw new ForeignImageError(
          `The image is of the build ${build} of Pyodide, and this is ${module.API.config.BUILD_ID}`,
        );
      };
    }
    return module;
  };
  const options = {
    indexURL: EMPTY,
    stdLibURL: `${EMPTY}empty.zip`,
    packageBaseUrl: files.folder,
    lockFileContents: fullLock ?? { info: files.info, packages: {} },
    createPyodideModule,
    _makeSnapshot: forImage,
    ...(image && { _loadSnapshot: image }),
  };
  return loadPyodide(options as unknown as Parameters<typeof loadPyodide>[0]);
}

/**
 * The assets for other threads, once Python has booted in this one. V8 uses no code that a process with other flags has made: the other threads
 * get that of this thread then.
 */
export function assetsForThreads(assets: PythonAssets): PythonAssets {
  const script = scriptOf(assets);
  if (script === undefined || script.fromCache) return assets;
  const made = script.makeCache();
  const code = new Uint8Array(new SharedArrayBuffer(made.length));
  code.set(made);
  return { ...assets, code };
}

async function importScript(url: string): Promise<unknown> {
  return ((await import(url)) as { default: unknown }).default;
}

/** Puts the shared files into Python's file system, after Pyodide has put its own there. */
async function writeFiles(
  self: EmscriptenModule,
  settings: EmscriptenSettings,
  assets: PythonAssets,
): Promise<void> {
  self.addRunDependency("assets");
  await Promise.all(settings.preRun.map((step) => step(self)));
  const { sitePackages } = self.API;
  writeShared(self, STDLIB, assets.stdlib);
  for (const [name, text] of assets.shims) writeShared(self, `${sitePackages}/${name}`, text);
  self.removeRunDependency("assets");
}

/** A file whose bytes all interpreters share, so that none may change them. */
function writeShared({ FS }: EmscriptenModule, path: string, bytes: Uint8Array): void {
  FS.writeFile(path, bytes, { canOwn: true });
  FS.chmod(path, 0o444);
}
