export {};
//# sourceMappingURL=pools.test.d.ts.map