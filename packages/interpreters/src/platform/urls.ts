/** URLs of files. Not the globals: a program may replace them. */
export * from "./node/urls.js";
