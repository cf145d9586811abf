/** A module that imports one which ends its thread while it loads. */
import exits from "./exits-on-load.cjs";

const { loaded } = exits;

export function neverLoaded(): string {
  return loaded;
}
