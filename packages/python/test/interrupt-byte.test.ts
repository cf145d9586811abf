/** The byte of signals, read as Pyodide reads it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Signals } from "../src/interrupt-byte.js";

function buffer(byte: Uint8Array): Uint8Array {
  let given: Uint8Array | undefined;
  new Signals({ setInterruptBuffer: (taken) => (given = taken) }).takeFrom(byte);
  return given!;
}

test("a signal that comes between Pyodide's read and its store is there at the next look", () => {
  const byte = new Uint8Array(new SharedArrayBuffer(1));
  const looked = buffer(byte);
  assert.equal(looked[0], 0);
  byte[0] = 2;
  looked[0] = 0;
  assert.equal(looked[0], 2);
  looked[0] = 0;
  assert.equal(byte[0], 0);
});

test("a look without a store takes nothing, and another signal replaces one that was read", () => {
  const byte = new Uint8Array(new SharedArrayBuffer(1));
  const looked = buffer(byte);
  byte[0] = 2;
  assert.equal(looked[0], 2);
  assert.equal(looked[0], 2);
  byte[0] = 15;
  looked[0] = 0;
  assert.equal(byte[0], 15);
});

test("a slice that is over is a signal, which takes nothing from the byte", () => {
  let looked: Uint8Array = new Uint8Array(0);
  const signals = new Signals({ setInterruptBuffer: (taken) => (looked = taken) });
  const byte = new Uint8Array(new SharedArrayBuffer(1));
  signals.takeFrom(byte);
  signals.slice(0);
  assert.equal(looked[0], 60);
  byte[0] = 2;
  looked[0] = 0;
  assert.equal(looked[0], 2);
  looked[0] = 0;
  signals.slice(Infinity);
  assert.equal(looked[0], 0);
});
