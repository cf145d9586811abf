/** A CommonJS module that ends its thread while it loads. */
process.exit(4);

export = { loaded: "loaded" };
