export {};
//# sourceMappingURL=locks.test.d.ts.map