export { existsSync, readFileSync, readlinkSync, realpathSync, statSync, writeSync } from "node:fs";
