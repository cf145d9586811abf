/** The code that runs in the interpreter: prettier, whose functions return promises. */

import * as prettier from "prettier";

export async function format(text, file) {
  const options = await prettier.resolveConfig(file, { editorconfig: true });
  return prettier.format(text, { ...options, filepath: file });
}
