/**
 * Names that stand for `import.meta` and `import` in scripts, which V8 runs as scripts that cannot have either. Each base has a name of
 * its own, since functions keep what their script imported.
 *
 * V8 puts names into messages ("import.meta.x is not a function"), and functions show their text. So the names are as wide as what they
 * stand for, so that nothing moves, and look like it: letters of other alphabets and a middle dot are legal in names.
 */

/** Letters that look alike. */
const ALIKE: Readonly<Record<string, string>> = {
  i: "i\u0456\u2170",
  p: "p\u0440\u2ca3",
  o: "o\u043e\u03bf\u0585",
  e: "e\u0435",
  a: "a\u0430",
  ".": "\u00b7\u0387",
};

/** Returns the name with that number, or undefined if there are no more. */
function alike(text: string, index: number): string | undefined {
  let rest = index;
  let name = "";
  // From the end: the letters that are least alike, of the `i`, come last.
  for (let i = text.length - 1; i >= 0; i--) {
    const letter = text[i];
    const letters = ALIKE[letter] ?? letter;
    name = letters[rest % letters.length] + name;
    rest = Math.floor(rest / letters.length);
  }
  return rest === 0 ? name : undefined;
}

/** Names that the script reader writes and the interpreter replaces by its own. No author of a script writes them. */
export const META_NAME = "import\u00b7meta";
export const IMPORT_NAME = "imp\u043ert";

/** Replaces both, in one step: a name for one may contain the other. */
export function replaceNames(text: string, meta: () => string, load: () => string): string {
  return text.replace(written, (name) => (name === META_NAME ? meta() : load()));
}
const written = /import\u00b7meta|imp\u043ert/g;

/** The name of the `import.meta` with that number. */
export function metaName(index: number): string {
  return alike("import.meta", index + 1) ?? `import$${index.toString(36).padStart(4, "0")}`;
}

/** The name of the `import` with that number. */
export function importName(index: number): string {
  return alike("import", index + 2) ?? `im$${index.toString(36).padStart(3, "0")}`;
}

const any =
  /[i\u0456\u2170]m[p\u0440\u2ca3][o\u043e\u03bf\u0585]rt([\u00b7\u0387]m[e\u0435]t[a\u0430])?|\bim\$[\da-z]{3}\b|\b(import\$[\da-z]{4})\b/g;
const own = /[^\0-\x7f]|\$/;

/** Returns a text with what its author wrote instead of our names. */
export function asWritten(text: string): string {
  // Nearly no text has them.
  if (!own.test(text)) return text;
  return text.replace(any, (_, meta?: string, numbered?: string) =>
    meta === undefined && numbered === undefined ? "import" : "import.meta",
  );
}

/** Shows in the message and stack of an error what the author of the script wrote. */
export function restoreNames(error: unknown): void {
  try {
    if (!(error instanceof Error)) return;
    for (const key of ["message", "stack"] as const) {
      const found = Object.getOwnPropertyDescriptor(error, key);
      if (found?.configurable !== true) continue;
      // A getter of V8's, or of the user, which must not run for nothing.
      const text: unknown = key === "message" ? found.value : error.stack;
      if (typeof text !== "string") continue;
      const value = asWritten(text);
      if (value === text) {
        if (key === "message") return;
        continue;
      }
      Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
    }
  } catch {
    // A proxy, or a getter that throws.
  }
}
