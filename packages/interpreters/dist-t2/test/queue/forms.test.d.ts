export {};
//# sourceMappingURL=forms.test.d.ts.map