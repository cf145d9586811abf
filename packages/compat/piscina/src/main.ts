/** The package's face for `require`: the class itself, which has all else as static properties. */
import { Piscina } from "./index";

module.exports = Piscina;
