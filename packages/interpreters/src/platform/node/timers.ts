export { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } from "node:timers";
