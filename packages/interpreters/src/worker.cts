/** The entry of an interpreter's thread. */
import type * as Bundle from "./bundle.js" with { "resolution-mode": "import" };

const { share, startInterpreter } = require("./interpreters.cjs") as typeof Bundle;
// Before any code of the user's, which may bring a copy of its own.
share();
startInterpreter();
