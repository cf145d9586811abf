/**
 * `npm run bench:copies`: how long the copies of a task take that takes 1 MB of bytes and returns it. Each side copies into shared memory and out of it, into a
 * new buffer, once for each way: less than these four copies no pool can take that copies, and a structured clone copies as often.
 *
 * One thread makes all of them, one after the other. Prints the fastest tenth as well, which other programs have not disturbed.
 */

const BYTES = 1e6;
/** How many messages are on their way at a time, about. */
const MESSAGES = 8;
const ROUNDS = 3_000;

/** By memcpy, as this package copies (`copyBytes`). */
const { fill } = Buffer.prototype;
const value = new Uint8Array(BYTES).fill(1);
const shared = Array.from({ length: MESSAGES }, () => new Uint8Array(new SharedArrayBuffer(BYTES)));

/** The median and the tenth percentile of the times, in microseconds. */
function measure(operation: (message: Uint8Array) => void): readonly [number, number] {
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const began = process.hrtime.bigint();
    operation(shared[i % MESSAGES]);
    times.push(Number(process.hrtime.bigint() - began) / 1000);
  }
  times.sort((a, b) => a - b);
  return [times[ROUNDS >> 1], times[Math.floor(ROUNDS / 10)]];
}

// glibc then keeps the memory of buffers that are collected, as it does for this package (`keepLargeBlocks`).
Buffer.allocUnsafeSlow((1 << 25) - (1 << 16));
const kept = Buffer.allocUnsafeSlow(BYTES);
/** Keeps the last buffer alive, as a task's function does. */
export let last = kept;

const rows = {
  "into shared memory": (message: Uint8Array) => void fill.call(message, value),
  "out of it, into a new buffer": (message: Uint8Array) => {
    last = Buffer.allocUnsafeSlow(BYTES);
    fill.call(last, message);
  },
  "out of it, always into the same": (message: Uint8Array) => void fill.call(kept, message),
};
let sum = 0;
for (const [name, operation] of Object.entries(rows)) {
  measure(operation);
  const [median, best] = measure(operation);
  console.log(`${name.padEnd(34)} ${median.toFixed(0).padStart(4)} µs, a tenth within ${best.toFixed(0)} µs`);
  if (operation !== rows["out of it, always into the same"]) sum += 2 * best;
}
console.log(
  `A task's four copies take ${sum.toFixed(0)} µs: two threads make at most ${Math.round(2e6 / sum)} tasks a second.`,
);
