import { testFiles } from "./test-files.js";

await testFiles("test__interpreters", "test__interpchannels");
