/**
 * How copies of this package in one thread find each other (ESM and CommonJS, two installed versions, a module loaded
 * again under another URL): the first copy to be loaded leaves its exports under a global symbol, and every later copy
 * gives out those. So there is one `Queue` class and one table of handles, whichever copy a program imports.
 *
 * This is CommonJS because it must work before anything else is loaded, from either kind of module.
 */

/**
 * Raise it whenever the bytes in shared memory (memory/layout.ts) or the records in them change meaning. Copies that agree
 * on it share one runtime; others refuse each other. Among copies with one protocol, the first one loaded serves all of
 * them: additions of a later version are missing if an older one came first.
 */
const PROTOCOL = 17;

const API: unique symbol = Symbol.for(`interpreters.api.${PROTOCOL}`);

export = { PROTOCOL, API };
