/** The types of count-tests.mjs for its test: as much of vitest's report as it reads. */
interface ReportedTest {
  readonly fullName: string;
  readonly module: { readonly relativeModuleId: string };
  result(): { readonly state: string; readonly note?: string | undefined };
}
interface ReportedModule {
  readonly children: { allTests(): Iterable<ReportedTest> };
  state(): string;
}
export function namesOf(test: ReportedTest): string;
export function countTests(
  modules: readonly ReportedModule[],
  strayErrors: number,
  selected: boolean,
): {
  passed: number;
  failed: number;
  skipped: { test: ReportedTest; reason: string }[];
  silent: ReportedTest[];
};
