/** The tools that can compile a worker in TypeScript. */
export const TsRunner = {
  Node: "node",
  Bun: "bun",
  TsNode: "ts-node",
  EsbuildRegister: "esbuild-register",
  EsbuildRunner: "esbuild-runner",
  OXC: "oxc",
  SWC: "swc",
  TSX: "tsx",
} as const;
export type TsRunner = (typeof TsRunner)[keyof typeof TsRunner];
