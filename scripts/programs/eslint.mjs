/**
 * Lints with eslint-plugin-prettier, whose rule calls prettier synchronously: badly formatted files, one that prettier cannot parse (its error
 * arrives with the place), then the same with `--fix`.
 */

const messy = (name, count) =>
  `export function ${name} ( a,b ){\n${Array.from(
    { length: count },
    (_, i) => `    if(a==${i}) {return {  value:b , index : ${i} , label:'${name} ${i}' }}\n`,
  ).join("")}  return   undefined }\n`;

export const eslint = {
  adapter: "synckit",
  packages: {
    eslint: "^9.39.0",
    "eslint-config-prettier": "^10.1.0",
    "eslint-plugin-prettier": "^5.5.4",
    prettier: "^3.6.0",
  },
  files: {
    "eslint.config.mjs": `
      import prettier from "eslint-plugin-prettier/recommended";
      export default [
        prettier,
        { rules: { "no-undef": "error", "prettier/prettier": ["error", { singleQuote: true }] } },
        { files: ["src/broken.js"], rules: { "prettier/prettier": ["error", { parser: "json" }] } },
      ];\n`,
    "src/one.js": messy("one", 40),
    "src/two.js": messy("two", 3),
    "src/unknown.js": "export const value = missing;\n",
    "src/broken.js": "export const wrong = () => {};\n",
    "src/good.js": "export const good = 1;\n",
  },
  commands: [
    ["node_modules/eslint/bin/eslint.js", "src"],
    ["node_modules/eslint/bin/eslint.js", "--fix", "--format", "json", "src"],
  ],
  written: ["src"],
};
