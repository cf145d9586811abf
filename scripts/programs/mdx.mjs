/** Lints Markdown with JSX: eslint-mdx parses it with remark in a worker, synchronously. One file cannot be parsed. */

const page = (i) =>
  `# Title ${i}\n\nimport { Chart } from "./chart.js"\n\nexport const year = 20${i}\n\nText *with* emphasis, and {undefinedName + year}.\n\n<Chart year={year}>\n  Inside\n</Chart>\n\n\`\`\`js\nvar a = missing${i}\n\`\`\`\n`;

export const mdx = {
  adapter: "synckit",
  packages: { eslint: "^9.39.0", "eslint-plugin-mdx": "^3.6.2", "remark-preset-lint-consistent": "^6.0.1" },
  files: {
    "eslint.config.mjs": `
      import * as mdx from "eslint-plugin-mdx";
      export default [
        { ...mdx.flat, processor: mdx.createRemarkProcessor({ lintCodeBlocks: true }) },
        { ...mdx.flatCodeBlocks, rules: { ...mdx.flatCodeBlocks.rules, "no-undef": "error", "no-var": "error" } },
        { files: ["**/*.mdx"], rules: { "no-undef": "error", "mdx/remark": "warn" } },
      ];\n`,
    ".remarkrc.json": JSON.stringify({ plugins: ["remark-preset-lint-consistent"] }),
    ...Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`docs/page-${10 + i}.mdx`, page(10 + i)])),
    "docs/broken.mdx": "# Broken\n\n<Chart year={>\n",
    "docs/plain.md": "# Plain\n\n* one\n- two\n\n```js\nvar b = 1\n```\n",
  },
  commands: [
    ["node_modules/eslint/bin/eslint.js", "docs"],
    ["node_modules/eslint/bin/eslint.js", "--format", "json", "docs"],
  ],
  written: ["docs"],
};
