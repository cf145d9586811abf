export {};
//# sourceMappingURL=races.test.d.ts.map