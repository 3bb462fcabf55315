// The lints, with types, for everything here and for tests/browser. Run from the root of the repository (npm run lint).

import { join } from "node:path"
import js from "@eslint/js"
import globals from "globals"
import tseslint from "typescript-eslint"

const web = import.meta.dirname

/** node:test waits for these itself. */
const TESTS = {
  from: "package",
  package: "node:test",
  name: ["test", "describe", "it", "suite", "before", "after", "beforeEach", "afterEach"],
}
const PROMISES = {
  "@typescript-eslint/await-thenable": "error",
  "@typescript-eslint/no-floating-promises": ["error", { allowForKnownSafeCalls: [TESTS] }],
  "@typescript-eslint/no-misused-promises": "error",
}

export default tseslint.config(
  { ignores: ["**/node_modules/", "web/dist/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    rules: {
      "no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "prefer-const": ["error", { destructuring: "all" }],
      // Control characters and joiners are what these expressions are about.
      "no-control-regex": "off",
      "no-misleading-character-class": ["error", { allowEscape: true }],
    },
  },
  {
    files: ["web/**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: [join(web, "tsconfig.json"), join(web, "test/tsconfig.json")] } },
    rules: {
      ...PROMISES,
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true, destructuredArrayIgnorePattern: "^_" }],
      "@typescript-eslint/no-empty-object-type": ["error", { allowInterfaces: "with-single-extends" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/restrict-plus-operands": ["error", { allowNumberAndString: true }],
      // By code points: a string that is spread is meant to be.
      "@typescript-eslint/no-misused-spread": ["error", { allow: ["string"] }],
      // `return controller.close()` ends a branch in one line.
      "@typescript-eslint/no-confusing-void-expression": "off",
    },
  },
  {
    // Parsers: an index that was not checked ends in an exception, and that in "damaged" (clean.ts).
    files: ["web/clean/**/*.ts"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off" },
  },
  {
    // Tests read JSON as it comes and take it apart; what is wrong there fails the test.
    files: ["web/*/test/**/*.ts", "web/test/**/*.ts"],
    rules: {
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/no-dynamic-delete": "off",
      "@typescript-eslint/no-meaningless-void-operator": "off",
      "@typescript-eslint/require-await": "off",
    },
  },
  {
    // Scripts without types of their own: what TypeScript infers still tells a promise that nobody waits for.
    files: ["web/**/*.mjs", "tests/browser/**/*.mjs"],
    extends: [tseslint.configs.base],
    languageOptions: { globals: globals.node, parserOptions: { project: [join(web, "tsconfig.scripts.json")] } },
    rules: PROMISES,
  },
  {
    files: ["tests/browser/**/*.mjs"],
    // Some functions in these run inside the page.
    languageOptions: { globals: globals.browser },
    // Hooks that a test may fill with a promise have the type of their empty default.
    rules: { "@typescript-eslint/await-thenable": "off" },
  },
)
