/** The caller's side of JavaScript, the default language. */
import { CODEC_JAVASCRIPT } from "../../codec/codec.js";
import type { Language } from "../language.js";
import { describe } from "./callable.js";
import { javascript } from "./guest.js";
import { describeScript } from "./script-text.js";

export const javascriptLanguage: Language = {
  name: "JavaScript",
  tag: CODEC_JAVASCRIPT,
  module: undefined,
  data: undefined,
  describeFunction: describe,
  describeScript,
  executing: javascript,
};
