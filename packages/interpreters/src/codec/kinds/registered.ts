/** Instances of registered classes (registered-types.ts). */

import { InterpreterError } from "../../base/errors.js";
import { readKey, readValue } from "../decode.js";
import type { Decoder } from "../decoder.js";
import { registerKind } from "../kind-table.js";
import { registeredTypeOfName } from "../registered-types.js";
import { TAG_REGISTERED } from "../tags.js";

function readRegistered(d: Decoder): object {
  const number = d.objectCount;
  d.note(undefined);
  const name = readKey(d);
  const type = registeredTypeOfName(name);
  if (type === undefined) {
    throw new InterpreterError(
      `Cannot read a value that was sent here: it holds an instance of the type ${JSON.stringify(name)}, which this interpreter ` +
        "does not know. Import the module that registers it (registerType) here, too",
      { code: "ERR_MALFORMED_VALUE" },
    );
  }
  const encoded = readValue(d);
  let instance: unknown;
  try {
    instance = type.decode(encoded);
  } catch (cause) {
    throw failure(name, "threw an error", cause);
  }
  if (typeof instance !== "object" || instance === null) throw failure(name, "returned no object");
  d.objects[number] = instance;
  return instance;
}

function failure(name: string, what: string, cause?: unknown): Error {
  return new InterpreterError(
    `Cannot read a value that was sent here: decode of the type ${JSON.stringify(name)} ${what}`,
    {
      code: "ERR_MALFORMED_VALUE",
      ...(cause !== undefined && { cause }),
    },
  );
}

registerKind<object>({
  tags: [TAG_REGISTERED],
  // encode.ts writes them, since arrays may be among them.
  is: (_value): _value is object => false,
  write: () => {},
  read: readRegistered,
});
