import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { SqlResult } from '../../../electron/contract/sql.contract.ts';
import type { ChartChoice } from './chart-choice.ts';

/** View state of the console: it is still there after the person looked at another screen. */
export const useSqlStore = defineStore('sql', () => {
  const text = ref('');
  const isWriteAllowed = ref(false);
  const side = ref<'schema' | 'history'>('schema');
  const shown = ref<'table' | 'chart'>('table');
  const result = shallowRef<SqlResult | null>(null);
  const chart = shallowRef<ChartChoice | null>(null);
  return { text, isWriteAllowed, side, shown, result, chart };
});
