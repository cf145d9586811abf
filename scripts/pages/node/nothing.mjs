/** Names that helpers of the tests import from other modules of Node. Tests in pages must not use them. */
const missing = (name) => () => {
  throw new Error(`pages have no ${name}`);
};

export const spawn = missing("spawn");
export const spawnSync = missing("spawnSync");
export const fileURLToPath = missing("fileURLToPath");
export const setFlagsFromString = () => {};
/** Of `vm`; the helpers get `gc` with it. */
export const runInNewContext = (name) => globalThis[name] ?? missing(name);
