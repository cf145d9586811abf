export { fileURLToPath, pathToFileURL, URL } from "node:url";
