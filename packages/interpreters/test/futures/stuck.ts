/** A module that imports one which never finishes loading. */
import stuck from "./stuck-on-load.cjs";

const { loaded } = stuck;

export function whenLoaded(): string {
  return loaded;
}
