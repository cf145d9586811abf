/** The executing side of Python, in an interpreter's own thread. */
import { type ExceptionInfo, type ExecutingSide, NotShareableError } from "interpreters";
import { core, type EncodedValue } from "interpreters/core";
import { type Attached, attachPython } from "./attach.js";
import { loadPython, type PythonAssets } from "./boot.js";
import {
  type LanguageData,
  type NamedFunction,
  pythonLanguage,
  PYTHON_TAG,
  type Script,
} from "./language.js";

/** An exception that left Python. */
class PythonFailure extends Error {
  override name = "PythonError";
  readonly info: ExceptionInfo;

  constructor(info: ExceptionInfo) {
    super(info.formatted);
    this.info = info;
  }
}

let python: Attached;

/** How Python's `_leave` says what became of work that JavaScript sent. */
const DONE = 0;
const FAILED = 1;

/** Has Python do what JavaScript asked for, and returns its value. */
function ask(
  op: "exec" | "call" | "prepare",
  text: string,
  filename: string,
  args?: readonly unknown[],
): unknown {
  const { bridge, fromJs, grow } = python;
  if (args !== undefined) {
    const { codec, bytes, references } = core.values.encode(args, "args");
    bridge.give(codec, bytes, references, grow);
  }
  const references = fromJs(op, text, filename);
  const { state } = bridge;
  const value = bridge.read(core.CODEC_NEUTRAL, references);
  const result = value && core.values.decode(value);
  if (state === DONE) return result;
  if (state !== FAILED) {
    throw new NotShareableError(
      `Cannot copy the result to JavaScript: ${String(result)}. Return None, bool, int, float, str, bytes, or a tuple of these.`,
    );
  }
  const [name, , , message, formatted, errdisplay] = result as string[];
  throw new PythonFailure({
    type: { name: name },
    message: message ?? "",
    formatted: formatted,
    errdisplay: errdisplay ?? formatted,
  });
}

const guest: ExecutingSide = {
  async start(data, shared) {
    const { options, key } = data as LanguageData;
    const assets = shared as PythonAssets;
    python = attachPython(await loadPython(assets), pythonLanguage(options, assets, key));
  },

  exec(script) {
    const { text, filename } = script as Script;
    ask("exec", text, filename ?? "");
  },

  prepare(namespace) {
    ask("prepare", "", "", Object.entries(namespace).flat());
  },

  load(description) {
    const { name } = description as NamedFunction;
    return (...args) => ask("call", name, "", args);
  },

  execute(work: EncodedValue): EncodedValue {
    const { bridge, execute, grow } = python;
    bridge.give(work.codec, work.bytes, work.references, grow);
    const references = execute(bridge.length, work.references.length / 3);
    const reply = bridge.read(PYTHON_TAG, references);
    if (reply === undefined) throw new NotShareableError("Cannot send a result: a queue in it is gone");
    return reply;
  },

  describeFailure(thrown) {
    if (thrown instanceof PythonFailure) return thrown.info;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return {
      type: { name: thrown instanceof Error ? thrown.name : "Error" },
      message,
      formatted: message,
      errdisplay: thrown instanceof Error ? (thrown.stack ?? message) : message,
    };
  },
};
export default guest;
