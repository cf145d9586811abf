/** Where the text of a function stands: no page can read its own scripts at once. */
export type { Location } from "../../../guests/javascript/location.js";

export const locate = (_text: string): undefined => undefined;
