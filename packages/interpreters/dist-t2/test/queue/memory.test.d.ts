export {};
//# sourceMappingURL=memory.test.d.ts.map