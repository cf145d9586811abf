/** The programs, by name. */
import { angular } from "./angular.mjs";
import { eslint } from "./eslint.mjs";
import { jest } from "./jest.mjs";
import { mocha } from "./mocha.mjs";
import { swc } from "./swc.mjs";
import { vitest } from "./vitest.mjs";
import { webpack } from "./webpack.mjs";

export const programs = { webpack, jest, mocha, eslint, swc, vitest, angular };
