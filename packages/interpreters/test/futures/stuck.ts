/** A module that needs one which is never done loading. */
import stuck from "./stuck-on-load.cjs";

const { loaded } = stuck;

export function whenLoaded(): string {
  return loaded;
}
