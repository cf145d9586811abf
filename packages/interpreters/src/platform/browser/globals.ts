/** What Node has as globals and pages do not. The build puts them in their place (scripts/browser.mjs); code of users does not see them. */
export { Buffer } from "./buffer.js";
export { process } from "./process.js";
export { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } from "./timers.js";
