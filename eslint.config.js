import { defineConfig } from 'eslint/config';
import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';

const electron = {
  regex: '^electron(/|$)',
  message: 'Only electron/main and electron/preload may import electron. Behaviour belongs in electron/core.',
};
const duckdb = {
  group: ['@duckdb/*'],
  message: 'Only native/duckdb may import the driver. Use its Database instead.',
};
const llama = {
  group: ['node-llama-cpp', 'node-llama-cpp/*'],
  message: 'Only native/llama may import it, in a process of its own. Ask through native/host instead.',
};
const renderer = { group: ['**/renderer/**'], message: 'The page is not importable outside renderer/.' };
const shells = {
  group: [
    '**/electron/main/**',
    '**/electron/preload/**',
    '**/server/**',
    '**/cli/**',
    '../main/*',
    '../preload/*',
    '!@orpc/**',
  ],
  message: 'The core does not know where it runs. Shells import electron/core/boot, never the other way.',
};
const core = {
  group: ['**/core/**', '**/native/**'],
  message: 'Go through electron/contract; the page talks to the core over RPC only.',
};
const nodeBuiltins = {
  group: ['node:*'],
  message: 'No Node here; put it behind the contract in electron/core.',
};
const dom = { group: ['vue', 'pinia', 'vue-*'], message: 'No UI framework outside renderer/.' };

/** One rule block per folder; `patterns` lists what must not be imported from there. */
const imports = (files, patterns, ignores = []) => ({
  files,
  ignores,
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});

/**
 * The one project that a folder's types come from: asking each project in turn for each file takes twice as long, and only
 * a project without further extensions is built once and kept.
 */
const typesFrom = (files, project, options = {}) => ({
  files,
  languageOptions: { parserOptions: { parser: tseslint.parser, project, ...options } },
});

export default defineConfig(
  { ignores: ['out/**', 'dist/**', 'node_modules/**', 'test/fixtures/**'] },
  tseslint.configs.recommendedTypeChecked,
  vue.configs['flat/recommended'],
  typesFrom(['electron/**', 'native/**'], 'electron/tsconfig.node.json'),
  typesFrom(['electron/main/**'], 'electron/main/tsconfig.json'),
  typesFrom(['electron/preload/**'], 'electron/preload/tsconfig.json'),
  typesFrom(['test/**'], 'test/tsconfig.json'),
  typesFrom(['renderer/**'], 'renderer/tsconfig.json', { extraFileExtensions: ['.vue'] }),
  {
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 4],
      'no-console': 'error',
      eqeqeq: ['error', 'smart'],
    },
  },
  { files: ['*.config.js', '*.config.ts'], extends: [tseslint.configs.disableTypeChecked] },
  {
    files: ['renderer/**/*.vue'],
    rules: {
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/no-v-html': 'error',
      'max-lines-per-function': 'off',
    },
  },
  { files: ['test/**'], rules: { 'max-lines-per-function': 'off', 'no-console': 'off' } },
  { files: ['electron/cli/**', 'test/bench/**'], rules: { 'no-console': 'off' } },
  imports(['electron/contract/**'], [electron, duckdb, llama, renderer, shells, core, nodeBuiltins, dom]),
  imports(['electron/core/**'], [electron, duckdb, llama, renderer, shells, dom]),
  imports(
    ['native/**'],
    [electron, duckdb, llama, renderer, shells, dom],
    ['native/duckdb/**', 'native/llama/**'],
  ),
  imports(['native/duckdb/**'], [electron, llama, renderer, shells, dom]),
  imports(['native/llama/**'], [electron, duckdb, renderer, shells, dom]),
  imports(['electron/server/**', 'electron/cli/**'], [electron, duckdb, llama, renderer, dom]),
  imports(['electron/main/**'], [duckdb, llama, renderer, dom]),
  imports(['electron/preload/**'], [duckdb, llama, renderer, core, dom]),
  imports(['renderer/**'], [electron, duckdb, llama, core, nodeBuiltins]),
);
