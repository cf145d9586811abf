export {};
//# sourceMappingURL=unbound.test.d.ts.map