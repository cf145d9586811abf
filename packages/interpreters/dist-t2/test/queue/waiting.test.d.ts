export {};
//# sourceMappingURL=waiting.test.d.ts.map