/** The package's face for `import`: the same objects as for `require`. */
import main from "./index.js";

const Piscina = main.default;
export default Piscina;
export const {
  ArrayTaskQueue,
  FixedQueue,
  isWorkerThread,
  move,
  queueOptionsSymbol,
  transferableSymbol,
  valueSymbol,
  version,
  workerData,
} = main;
export { Piscina };
