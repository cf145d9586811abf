/**
 * How copies of this package in one thread find each other (ESM and CommonJS, two installed versions, a module loaded
 * again under another URL): the first that is loaded leaves what it exports under a global symbol, and all others give
 * out that. So there is one `Queue` class, one table of handles, one of everything, whoever asks.
 *
 * CommonJS, as this must work before anything else is loaded, from either kind of module.
 */

/**
 * Raised whenever the bytes in shared memory (memory/layout.ts) or the records in them change meaning. Copies that agree
 * on it share one runtime; others refuse each other. Of copies with one protocol, the first is everybody's: what a
 * later version adds is not there when an older one came first.
 */
const PROTOCOL = 8;

const API: unique symbol = Symbol.for(`interpreters.api.${PROTOCOL}`);

export = { PROTOCOL, API };
