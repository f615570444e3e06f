/** One value of a category as a bar: `count` under the filter, `total` over everything. */
export interface BarValue {
  readonly key: string;
  readonly label: string;
  readonly count: number;
  readonly total: number;
  readonly isSelected: boolean;
  readonly tooltip: string;
  readonly countText: string;
}
