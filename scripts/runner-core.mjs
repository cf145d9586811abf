/**
 * A runner of tests that has what the tests of this workspace use of `node:test`, for Bun and Deno (plain-runner.mjs) and for pages (pages/). It
 * prints a line for each test: `(pass) GROUP > TEST`, `(fail) …` or `(skip) …`.
 */

// Tests replace timers.
const { clearTimeout, setTimeout } = globalThis;

/** The place where tests run must give these: `log` gets each line, `inspect` makes a text of an error, `mock` is that of a test's context. */
const place = { log: console.log, inspect: String, mock: undefined };
const log = (line) => place.log(line);
const inspect = (value) => place.inspect(value);

export function runIn(given) {
  Object.assign(place, given);
}

const makeGroup = (name, parent, options = {}) => ({
  name,
  parent,
  options,
  before: [],
  after: [],
  beforeEach: [],
  afterEach: [],
  members: [],
});
const top = makeGroup("", undefined);
/** The group whose function runs. */
let group = top;
/** The test that runs. */
let current;
let failed = false;

/** The arguments of `test` and `describe`: a name, options and a function, of which each may be missing. */
function given(args) {
  const fn = args.find((each) => typeof each === "function") ?? (() => {});
  const name = typeof args[0] === "string" ? args[0] : fn.name || "<anonymous>";
  return { fn, name, options: args.find((each) => typeof each === "object" && each !== null) ?? {} };
}

export function test(...args) {
  group.members.push(given(args));
}
test.skip = (...args) => group.members.push({ ...given(args), options: { skip: true } });
test.todo = (...args) => group.members.push({ ...given(args), options: { todo: true } });
export { test as it };

export function describe(...args) {
  const { fn, name, options } = given(args);
  const made = makeGroup(name, group, options);
  group.members.push(made);
  const outer = group;
  group = made;
  const result = fn();
  group = outer;
  if (typeof result?.then === "function")
    throw new Error(`The function of the group ${name} must not be asynchronous`);
}
describe.skip = (...args) => describe(given(args).name, { skip: true }, given(args).fn);
export { describe as suite };

export const before = (fn) => void group.before.push(fn);
export const after = (fn) => void group.after.push(fn);
export const beforeEach = (fn) => void group.beforeEach.push(fn);
export const afterEach = (fn) => void group.afterEach.push(fn);

const titleOf = (parent, name) =>
  parent === top ? name : `${titleOf(parent.parent, parent.name)} > ${name}`;

function tell(title, status, reason) {
  if (status === "fail") failed = true;
  log(`(${status}) ${title}${reason === undefined ? "" : ` # ${reason}`}`);
}

/** Runs a function; fails if it takes too long, or if something is thrown meanwhile that nothing catches. */
async function within(limit, state, fn) {
  let timer;
  const stopped = new Promise((_, reject) => {
    state.fail = reject;
    if (limit !== undefined && limit !== Infinity) {
      timer = setTimeout(() => reject(new Error(`test timed out after ${limit}ms`)), limit);
    }
  });
  try {
    await Promise.race([fn(), stopped]);
  } finally {
    clearTimeout(timer);
  }
}

/** To be called with each exception and rejection that nothing catches. */
export function onUncaught(error) {
  if (current === undefined) {
    log("# Unhandled error between tests");
    log(inspect(error));
    failed = true;
  } else current.fail(error);
}
/** The groups around, from the outermost to the innermost. */
const around = (parent) => (parent === undefined ? [] : [...around(parent.parent), parent]);

async function runTest({ fn, name, options }, parent, title) {
  const { skip, todo, timeout } = options;
  if (skip || todo) return tell(title, "skip");
  const state = { fail: () => {} };
  const outer = current;
  current = state;
  const controller = new AbortController();
  const afterwards = [];
  let skipped = false;
  const context = {
    name,
    fullName: title,
    mock: place.mock,
    signal: controller.signal,
    diagnostic: (message) => log(`# ${message}`),
    skip: () => (skipped = true),
    todo: () => (skipped = true),
    before: (hook) => hook(),
    after: (hook) => afterwards.push(hook),
    // A failure counts once: for the test inside.
    async test(...args) {
      const inner = given(args);
      await runTest(inner, undefined, `${title} > ${inner.name}`);
    },
  };
  const errors = [];
  const attempt = async (each) => {
    try {
      await each();
    } catch (error) {
      errors.push(error);
    }
  };
  await attempt(() =>
    within(timeout, state, async () => {
      for (const each of around(parent)) for (const hook of each.beforeEach) await hook(context);
      await fn(context);
    }),
  );
  controller.abort();
  for (const hook of afterwards) await attempt(() => within(timeout, state, async () => await hook(context)));
  for (const each of around(parent).reverse()) {
    for (const hook of each.afterEach)
      await attempt(() => within(timeout, state, async () => await hook(context)));
  }
  place.mock?.reset();
  current = outer;
  for (const error of errors) log(inspect(error));
  const status = errors.length > 0 ? "fail" : skipped ? "skip" : "pass";
  tell(title, status);
}

/** Says that all tests below have that status, without running them. */
function tellAll({ members, ...member }, parent, status) {
  if (members === undefined) tell(titleOf(parent, member.name), status);
  else for (const each of members) tellAll(each, { members, ...member }, status);
}

async function runGroup(made) {
  if (made.options.skip) return made.members.forEach((each) => tellAll(each, made, "skip"));
  const state = { fail: () => {} };
  const hooks = async (all) => {
    current = state;
    for (const hook of all) await within(undefined, state, async () => await hook({ name: made.name }));
    current = undefined;
  };
  try {
    await hooks(made.before);
  } catch (error) {
    log(inspect(error));
    return made.members.forEach((each) => tellAll(each, made, "fail"));
  }
  for (const member of made.members) {
    if (member.members !== undefined) await runGroup(member);
    else await runTest(member, made, titleOf(made, member.name));
  }
  try {
    await hooks(made.after);
  } catch (error) {
    log(inspect(error));
    tell(`${titleOf(made.parent ?? top, made.name || "the file")} (after)`, "fail");
  }
}

/** Runs all tests that were defined. Resolves to whether all passed. */
export async function runAll() {
  await runGroup(top);
  return !failed;
}
