/** Rules for the scripts of the page: sizes, complexity, and which room may import which. */

import js from "@eslint/js";
import importX from "eslint-plugin-import-x";

/** Rooms of `frontend/js`, and the rooms each may import besides itself. main.js stands above them all. */
const ROOMS = {
  viewer: [], // choices kept in the browser
  base: ["viewer"],
  words: ["viewer", "base"],
  focus: ["base", "viewer"], // where the reader is: the keyboard, the scroll, a question in between
  handbook: [], // scripts of the documentation, which is a site of its own
  dataset: ["viewer", "base", "words"],
  plan: ["viewer", "base", "words"],
  experiment: ["viewer", "base", "words", "focus"],
  figures: ["viewer", "base", "words", "focus"],
  runs: ["viewer", "base", "words", "focus"],
  verdict: ["viewer", "base", "words"],
  cost: ["viewer", "base", "words"],
  upload: ["viewer", "base", "words", "focus"],
  tour: ["viewer", "base", "words"],
  accounts: ["viewer", "base", "words"],
  labels: ["viewer", "base", "words"],
  lists: ["viewer", "base", "words", "labels", "focus"],
  pages: [
    "viewer",
    "base",
    "words",
    "focus",
    "tour",
    "accounts",
    "dataset",
    "upload",
    "plan",
    "experiment",
    "figures",
    "runs",
    "verdict",
    "cost",
    "labels",
    "lists",
  ],
};
const JS = "./frontend/js";

const walls = Object.entries(ROOMS).map(([room, allowed]) => ({
  target: `${JS}/${room}`,
  from: JS,
  except: [room, ...allowed],
  message: `${room}/ may import ${allowed.join(", ") || "nothing else"}: see ROOMS in frontend/eslint.config.js.`,
}));

export default [
  { ignores: ["frontend/node_modules/", "frontend/types/", "frontend/vendor/"] },
  js.configs.recommended,
  {
    files: ["frontend/**/*.js", "tests/frontend/**/*.js"],
    plugins: { "import-x": importX },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "no-undef": "off", // tsc knows what a browser has
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrors: "none" }],
      complexity: ["error", 10],
      eqeqeq: "error",
      "max-lines": ["error", 350],
      "max-lines-per-function": ["error", 40],
      "max-len": ["error", { code: 120 }],
      "no-shadow": "error",
      "no-var": "error",
      "prefer-const": "error",
      "import-x/no-cycle": "error",
      "import-x/no-duplicates": "error",
      "import-x/no-unresolved": "error",
      "import-x/no-self-import": "error",
      "import-x/no-restricted-paths": ["error", { zones: walls }],
    },
  },
];
