/**
 * Binds every global that a bundle uses when the bundle is loaded: programs replace globals later (fake timers, polyfills, test
 * environments), and scripts declare any name in the interpreter that runs them. test/process/late-globals.test.ts checks it.
 */
import { freeNames, UNBOUND_NAMES } from "./free-names.mjs";

/**
 * The methods of these are bound one by one: V8 turns a call of a constant function into a few instructions, but must look up the method of
 * an object that it does not know to be constant. None of these uses `this`.
 */
const holders = ["ArrayBuffer", "BigInt", "JSON", "Math", "Number", "Object", "Reflect", "String"];
const methods = holders.flatMap((holder) =>
  Object.getOwnPropertyNames(globalThis[holder])
    .filter((name) => typeof globalThis[holder][name] === "function")
    .map((name) => ({ holder, name, local: `__${holder}_${name}` })),
);
const bindingOf = ({ holder, name, local }) => `const ${local}=${holder}.${name};`;
const usedIn = (text) => methods.filter(({ local }) => text.includes(local));
const LEFT_FREE = new Set([
  ...UNBOUND_NAMES,
  "__globalThis",
  "globalThis",
  ...methods.map(({ local }) => local),
]);
const globalsOf = (text, kind) =>
  [...freeNames(text, kind).keys()].filter(
    // Bundlers look for `new URL(…, import.meta.url)` with the global in modules.
    (name) => !LEFT_FREE.has(name) && !(kind === "module" && name === "URL"),
  );

/** Where a bundle binds its globals. */
export const HERE = "/* globals */";

/** What a bundle must be built with (`define`): it uses these names in place of the global object and of the methods. */
export const define = {
  globalThis: "__globalThis",
  ...Object.fromEntries(methods.map(({ holder, name, local }) => [`${holder}.${name}`, local])),
};

/** All names that a bundle expects to be bound. */
export const namesOf = (text) => [
  ...globalsOf(text),
  "__globalThis",
  ...usedIn(text).map(({ local }) => local),
];

/** The plugin that binds them, and gives the bundle, which is a script or a module, to `emit`. esbuild must not write it (`write: false`). */
export const plugin = (emit, kind = "script") => ({
  name: "bound-globals",
  setup({ onEnd }) {
    onEnd(async ({ outputFiles = [] }) => {
      for (const { path, text } of outputFiles) {
        const lines = [...new Set([...globalsOf(text, kind), ...holders])]
          .join(",")
          .replaceAll(/.{1,100}(?:,|$)/g, "$&\n");
        const binding = `const __globalThis=globalThis,{${lines}}=__globalThis;${usedIn(text).map(bindingOf).join("")}\n`;
        await emit(
          path,
          text.replace(HERE, () => binding),
        );
      }
    });
  },
});
