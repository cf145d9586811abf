import { rule } from "./prettier-rule.js";

export default [
  {
    files: ["**/*.js"],
    plugins: { local: { rules: { prettier: rule } } },
    rules: { "local/prettier": "error" },
  },
];
