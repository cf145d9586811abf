export { default as path } from "node:path";
