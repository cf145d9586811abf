export {};
//# sourceMappingURL=many.test.d.ts.map