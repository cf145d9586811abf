/**
 * Functions of JavaScript as builtin functions of Python.
 *
 * A call of a proxy (`JsProxy`) makes values of JavaScript of its arguments, one by one, and takes a third to a half of a microsecond for that. A builtin is called
 * with the addresses of its arguments (CPython's `METH_FASTCALL`), and reads the ints there: a tenth of that time.
 */
import type { PyodideAPI } from "./boot.js";
import type { Packet } from "./exchange.js";

/** The answer if an argument is neither an int nor bytes: the function was not called. A bool is no int here. */
const NOT_INTS = -23;

/** The parts of the Pyodide module that are needed here: the memory, Emscripten's table, and CPython's C API. Addresses are in bytes. */
interface CPython {
  readonly HEAP32: Int32Array<ArrayBuffer>;
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  addFunction(implementation: (...args: number[]) => number, signature: string): number;
  stringToNewUTF8(text: string): number;
  _malloc(size: number): number;
  _free(address: number): void;
  _PyCFunction_NewEx(method: number, self: number, module: number): number;
  _PyObject_GetAttrString(object: number, name: number): number;
  _PyObject_SetAttrString(object: number, name: number, value: number): number;
  _PyImport_ImportModule(name: number): number;
  _PyLong_FromLong(value: number): number;
  _PyLong_FromDouble(value: number): number;
  _PyBytes_FromStringAndSize(bytes: number, size: number): number;
  _PyErr_SetString(type: number, text: number): void;
  readonly _PyExc_RuntimeError: number;
  _Py_DecRef(object: number): void;
}

/** It is given the values of ints, or (`WithBytes`) the addresses of objects `bytes`, five at most. Python gets a number as an int and a packet as bytes. */
export type Builtin = (...args: number[]) => number | Packet;

/** A function that has `bytes` among its arguments. */
export class WithBytes {
  readonly call: Builtin;

  constructor(call: Builtin) {
    this.call = call;
  }
}

export type BuiltinTable = Readonly<Record<string, Builtin | WithBytes>>;

/** Words of an object: its type; of an int, its tag (which has the sign and the number of digits) and digits of 30 bits each. */
const O_TYPE = 1;
const I_TAG = 2;
const I_DIGIT = 3;
const TAG_SIGN = 3;
/** Below it, the int has one digit. */
const TAG_TWO_DIGITS = 2 << 3;
const TAG_THREE_DIGITS = 3 << 3;
const DIGIT = 2 ** 30;
/** Where the bytes of an object `bytes` are, from its address on. */
const B_BYTES = 16;
/** Of a packet. */
const HEADER = 8;
/** No type has this address. */
const NEVER = -1;
/** Of so few bytes, a loop copies faster. */
const FEW = 64;

/** Of `PyMethodDef`, in words: its name, its function, its flags and its documentation. */
const METHOD_WORDS = 4;
const METH_FASTCALL = 0x80;
/** What `METH_FASTCALL` calls: the object it is bound to, where the arguments are, and how many. */
const SIGNATURE = "iiii";

export class Builtins {
  readonly #c: CPython;
  readonly #intType: number;
  readonly #bytesType: number;
  #words: Int32Array<ArrayBuffer>;
  readonly #calls: Builtin[] = [];
  /** For each of them, the type of `bytes`, or NEVER if it takes none. */
  readonly #bytesTypes: number[] = [];
  #entry: number | undefined;

  /** @throws Error this is not the CPython whose objects are known here */
  constructor(pyodide: PyodideAPI) {
    const c = (this.#c = (pyodide as unknown as { readonly _module: CPython })._module);
    this.#words = c.HEAP32;
    const typeOf = (object: number): number => this.#words[(object >> 2) + O_TYPE];
    const zero = c._PyLong_FromLong(0);
    this.#intType = typeOf(zero);
    const text = this.#named("text", (at) => c._PyBytes_FromStringAndSize(at, 4));
    this.#bytesType = typeOf(text);
    const known = c.HEAPU8[text + B_BYTES] === 0x74 && c.HEAPU8[text + B_BYTES + 3] === 0x74;
    if (
      !known ||
      ![0, 7, -7, DIGIT - 1, DIGIT, -DIGIT - 5, 2 ** 31 - 1].every((value) => this.#reads(value))
    ) {
      throw new Error(
        "Cannot read the objects of Python: this build of Pyodide has no CPython 3.14. Install the version that interpreters-python asks for.",
      );
    }
    c._Py_DecRef(zero);
    c._Py_DecRef(text);
  }

  #reads(value: number): boolean {
    const object = this.#c._PyLong_FromLong(value);
    const read = this.#argument(object, NEVER);
    this.#c._Py_DecRef(object);
    return read === value;
  }

  /** Binds each of the functions to its name in a module, or in the object that the module has as `member`. They take as many
   * arguments as their length says. */
  bind(functions: BuiltinTable, module: string, member?: string): void {
    const c = this.#c;
    const imported = this.#named(module, (name) => c._PyImport_ImportModule(name));
    const target =
      member === undefined
        ? imported
        : this.#named(member, (name) => c._PyObject_GetAttrString(imported, name));
    for (const [name, call] of Object.entries(functions)) {
      const builtin = this.#make(name, call);
      this.#named(name, (text) => c._PyObject_SetAttrString(target, text, builtin));
      c._Py_DecRef(builtin);
    }
    if (target !== imported) c._Py_DecRef(target);
    c._Py_DecRef(imported);
  }

  /** It is there as long as this Python is. */
  #make(name: string, builtin: Builtin | WithBytes): number {
    const c = this.#c;
    // One entry for all, since each one is a WebAssembly module of its own: what the builtin is bound to says which function it is.
    this.#entry ??= c.addFunction(this.#enter, SIGNATURE);
    const bytes = builtin instanceof WithBytes;
    this.#bytesTypes.push(bytes ? this.#bytesType : NEVER);
    const index = c._PyLong_FromLong(this.#calls.push(bytes ? builtin.call : builtin) - 1);
    const method = c._malloc(METHOD_WORDS * 4);
    const text = c.stringToNewUTF8(name);
    c.HEAP32.set([text, this.#entry, METH_FASTCALL, 0], method >> 2);
    const made = c._PyCFunction_NewEx(method, index, 0);
    c._Py_DecRef(index);
    return made;
  }

  readonly #enter = (self: number, args: number, count: number): number => {
    const c = this.#c;
    try {
      if (this.#words.buffer !== c.HEAP32.buffer) this.#words = c.HEAP32;
      const words = this.#words;
      const index = words[(self >> 2) + I_DIGIT];
      const call = this.#calls[index];
      const bytes = this.#bytesTypes[index];
      if (count !== call.length) return c._PyLong_FromLong(NOT_INTS);
      const at = args >> 2;
      const first = count > 0 ? this.#argument(words[at], bytes) : 0;
      const second = count > 1 ? this.#argument(words[at + 1], bytes) : 0;
      const third = count > 2 ? this.#argument(words[at + 2], bytes) : 0;
      const fourth = count > 3 ? this.#argument(words[at + 3], bytes) : 0;
      const fifth = count > 4 ? this.#argument(words[at + 4], bytes) : 0;
      // NaN is not equal to itself, so this is NaN if one of them is.
      const sum = first + second + third + fourth + fifth;
      if (sum !== sum) return c._PyLong_FromLong(NOT_INTS);
      const answer = call(first, second, third, fourth, fifth);
      if (typeof answer !== "number") return this.#bytes(answer);
      return (answer | 0) === answer ? c._PyLong_FromLong(answer) : c._PyLong_FromDouble(answer);
    } catch (error) {
      return this.#raise(error);
    }
  };

  /** The value of an int, or the address of an object whose type is `bytes`; NaN for any other object, and for an int of more than 60 bits. */
  #argument(object: number, bytes: number): number {
    const words = this.#words;
    const at = object >> 2;
    const type = words[at + O_TYPE];
    if (type === bytes) return object;
    if (type !== this.#intType) return NaN;
    const tag = words[at + I_TAG];
    const sign = 1 - (tag & TAG_SIGN);
    if (tag < TAG_TWO_DIGITS) return sign * words[at + I_DIGIT];
    if (tag < TAG_THREE_DIGITS) return sign * (words[at + I_DIGIT] + words[at + I_DIGIT + 1] * DIGIT);
    return NaN;
  }

  /** A new object `bytes`; 0 if there is no memory for it, and then Python raises MemoryError. */
  #bytes({ state, codec, references, bytes, start, length }: Packet): number {
    const c = this.#c;
    const dataAt = HEADER + references.length * 4;
    const object = c._PyBytes_FromStringAndSize(0, dataAt + length);
    if (object === 0) return 0;
    // The memory may have grown.
    if (this.#words.buffer !== c.HEAP32.buffer) this.#words = c.HEAP32;
    const words = this.#words;
    let at = (object + B_BYTES) >> 2;
    words[at++] = state | (codec << 8);
    words[at++] = references.length / 3;
    for (let i = 0; i < references.length; i++) words[at++] = references[i];
    const into = c.HEAPU8;
    const from = object + B_BYTES + dataAt;
    if (length > FEW) into.set(bytes.subarray(start, start + length), from);
    else for (let i = 0; i < length; i++) into[from + i] = bytes[start + i];
    return object;
  }

  /** Has Python raise an exception for an error that was thrown. */
  #raise(error: unknown): 0 {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const type = this.#c.HEAP32[this.#c._PyExc_RuntimeError >> 2];
    this.#named(text, (address) => this.#c._PyErr_SetString(type, address));
    return 0;
  }

  #named<T>(text: string, use: (address: number) => T): T {
    const address = this.#c.stringToNewUTF8(text);
    try {
      return use(address);
    } finally {
      this.#c._free(address);
    }
  }
}
