/** The programs, by name. */
import { angular } from "./angular.mjs";
import { css } from "./css.mjs";
import { eslint } from "./eslint.mjs";
import { jest } from "./jest.mjs";
import { light } from "./light.mjs";
import { mdx } from "./mdx.mjs";
import { mocha } from "./mocha.mjs";
import { repomix } from "./repomix.mjs";
import { swc } from "./swc.mjs";
import { vitest } from "./vitest.mjs";
import { webpack } from "./webpack.mjs";

export const programs = {
  webpack,
  jest,
  mocha,
  eslint,
  swc,
  vitest,
  css,
  mdx,
  repomix,
  light,
  angular,
};
