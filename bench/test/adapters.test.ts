/**
 * The adapters' names and types, against the packages that they replace in the versions that are installed here: a new version with another
 * option or export fails here.
 */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import type * as ourJestWorker from "@interpreters/jest-worker";
import type * as ourPiscina from "@interpreters/piscina";
import type * as ourSynckit from "@interpreters/synckit";
import type * as ourTinypool from "@interpreters/tinypool";
import type * as ourWorkerpool from "@interpreters/workerpool";
import type * as jestWorker from "jest-worker";
import type * as piscina from "piscina";
import type * as synckit from "synckit";
import type * as tinypool from "tinypool";
import type * as workerpool from "workerpool";

/** Fails to compile, and shows the type, unless it is `never`. */
type None<T extends never> = T;
/** The keys of the package that the adapter lacks. */
type Missing<Theirs, Ours> = Exclude<keyof Theirs, keyof Ours>;
/** The keys of options whose values the adapter does not take. */
type Refused<Theirs, Ours> = {
  [K in keyof Theirs]-?: K extends keyof Ours ? (Theirs[K] extends Ours[K] ? never : K) : K;
}[keyof Theirs];
/** Those, of the first parameter but `N` of a function or class. */
type Parameter<F extends (...args: never[]) => unknown, N extends number> = NonNullable<Parameters<F>[N]>;
type Option<C extends abstract new (...args: never[]) => unknown, N extends number> = NonNullable<
  ConstructorParameters<C>[N]
>;

/** Exports. `default` and `module.exports` say how a package was built. */
type Built = "default" | "module.exports";
export type Exports = [
  None<Exclude<Missing<typeof piscina, typeof ourPiscina>, Built>>,
  None<Exclude<Missing<typeof tinypool, typeof ourTinypool>, Built>>,
  None<Exclude<Missing<typeof workerpool, typeof ourWorkerpool>, Built>>,
  None<Exclude<Missing<typeof synckit, typeof ourSynckit>, Built>>,
  None<Exclude<Missing<typeof jestWorker, typeof ourJestWorker>, Built>>,
];

/** Members of instances and classes. Those of a queue that only the package's own modules use are none. */
export type Members = [
  None<Missing<piscina.Piscina, ourPiscina.Piscina>>,
  None<Missing<typeof piscina.Piscina, typeof ourPiscina.Piscina>>,
  None<Exclude<Missing<piscina.FixedQueue, ourPiscina.FixedQueue>, "head" | "tail">>,
  None<Missing<piscina.ArrayTaskQueue, ourPiscina.ArrayTaskQueue>>,
  None<Missing<tinypool.Tinypool, ourTinypool.Tinypool>>,
  None<Missing<typeof tinypool.Tinypool, typeof ourTinypool.Tinypool>>,
  None<Missing<jestWorker.Worker, ourJestWorker.Worker>>,
  None<Missing<jestWorker.FifoQueue, ourJestWorker.FifoQueue>>,
  None<Exclude<Missing<jestWorker.PriorityQueue, ourJestWorker.PriorityQueue>, `_${string}`>>,
];

type PiscinaRun = piscina.Piscina["run"];
type OurPiscinaRun = ourPiscina.Piscina["run"];
type TinypoolRun = tinypool.Tinypool["run"];
type OurTinypoolRun = ourTinypool.Tinypool["run"];
type CreateSyncFn = typeof synckit.createSyncFn;
type OurCreateSyncFn = typeof ourSynckit.createSyncFn;

/**
 * Options: whatever the package takes, the adapter takes. piscina's load balancers and queues differ by symbols that each package declares
 * itself, and tinypool's declaration of `resourceLimits` names a class that it does not import.
 */
type OwnSymbols = "loadBalancer" | "taskQueue";
export type Options = [
  None<Exclude<Refused<Option<typeof piscina.Piscina, 0>, Option<typeof ourPiscina.Piscina, 0>>, OwnSymbols>>,
  None<Refused<Parameter<PiscinaRun, 1>, Parameter<OurPiscinaRun, 1>>>,
  None<Refused<Parameter<piscina.Piscina["close"], 0>, Parameter<ourPiscina.Piscina["close"], 0>>>,
  None<Exclude<Refused<tinypool.Options, ourTinypool.Options>, OwnSymbols | "resourceLimits">>,
  None<Refused<Parameter<TinypoolRun, 1>, Parameter<OurTinypoolRun, 1>>>,
  None<Refused<synckit.SynckitOptions, ourSynckit.SynckitOptions>>,
  None<Refused<Exclude<Parameter<CreateSyncFn, 1>, number>, Exclude<Parameter<OurCreateSyncFn, 1>, number>>>,
  None<Refused<workerpool.WorkerPoolOptions, ourWorkerpool.WorkerPoolOptions>>,
  None<Refused<workerpool.WorkerRegisterOptions, ourWorkerpool.WorkerRegisterOptions>>,
  None<Missing<jestWorker.WorkerFarmOptions, ourJestWorker.WorkerFarmOptions>>,
];

/** Types that only have a name. */
export type Named = [
  ourTinypool.ReadyMessage,
  ourTinypool.RequestMessage,
  ourTinypool.ResponseMessage,
  ourTinypool.StartupMessage,
  ourTinypool.Task,
  ourTinypool.TaskQueue,
  ourTinypool.TinypoolChannel,
  ourTinypool.TinypoolData,
  ourTinypool.TinypoolPrivateData,
  ourTinypool.TinypoolWorker,
  ourTinypool.TinypoolWorkerMessage,
  ourTinypool.Transferable,
  ourPiscina.PiscinaTask,
  ourPiscina.TaskQueue,
  ourWorkerpool.Pool,
  ourWorkerpool.Proxy<Record<string, () => void>>,
  ourSynckit.AnyFn,
  ourSynckit.DataMessage<unknown>,
  ourSynckit.GlobalShim,
  ourSynckit.MainToWorkerCommandMessage,
  ourSynckit.MainToWorkerMessage<[]>,
  ourSynckit.PackageJson,
  ourSynckit.StdioChunk,
  ourSynckit.Syncify<() => void>,
  ourSynckit.TsRunner,
  ourSynckit.ValueOf<object>,
  ourSynckit.WorkerData,
  ourSynckit.WorkerFailureMessage,
  ourSynckit.WorkerToMainMessage<unknown>,
  ourJestWorker.JestWorkerFarm<Record<string, () => void>>,
  ourJestWorker.PromiseWithCustomMessage<void>,
  ourJestWorker.TaskQueue,
  ourJestWorker.WorkerPoolInterface,
  ourJestWorker.WorkerPoolOptions,
];

const require = createRequire(import.meta.url);
const names = ["piscina", "tinypool", "workerpool", "synckit", "jest-worker"];

/** The names that a program finds: the exports, and the members of exported classes and objects. */
function found(exports: object): Map<string, string> {
  const all = new Map<string, string>();
  for (const [name, value] of Object.entries(exports)) {
    if (name === "default" || name === "module.exports") continue;
    all.set(name, typeof value);
    if (typeof value !== "function") continue;
    for (const member of Object.getOwnPropertyNames(value)) {
      if (!["length", "name", "prototype", "arguments", "caller"].includes(member)) {
        all.set(`${name}.${member}`, "a member");
      }
    }
    let from = value.prototype as object | null | undefined;
    for (
      ;
      from !== null && from !== undefined && from !== Object.prototype;
      from = Object.getPrototypeOf(from) as object
    ) {
      for (const member of Object.getOwnPropertyNames(from)) {
        if (!member.startsWith("_") && member !== "constructor")
          all.set(`${name}.prototype.${member}`, "a member");
      }
    }
  }
  return all;
}

function compare(theirs: object, ours: object): void {
  const has = found(ours);
  const differ = [...found(theirs)].filter(([name, kind]) => has.get(name) !== kind);
  assert.deepEqual(differ, []);
}

for (const name of names) {
  test(`what a program imports from ${name}, it imports from its adapter`, async () => {
    compare((await import(name)) as object, (await import(`@interpreters/${name}`)) as object);
  });
  test(`what a program requires of ${name}, it requires of its adapter`, () => {
    compare(require(name) as object, require(`@interpreters/${name}`) as object);
  });
}

test("the versions that adapters of pools tell are those of the packages", async () => {
  const [theirs, ours] = await Promise.all([import("piscina"), import("@interpreters/piscina")]);
  assert.equal(ours.version, theirs.version);
  const pools = await Promise.all([import("tinypool"), import("@interpreters/tinypool")]);
  assert.equal(pools[1].Tinypool.version, pools[0].Tinypool.version);
});
