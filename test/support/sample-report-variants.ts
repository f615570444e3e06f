import type { ReportDocument } from '../../electron/contract/report.contract.ts';
import { makeSampleReport } from './sample-report.ts';

/** The sample with every figure undefined, no selection, no audit that speaks and no example. */
export function makeEmptyReport(): ReportDocument {
  const report = makeSampleReport();
  const { constitution, audits } = report;
  const none = { value: null, ci: null, n: 0 };
  return {
    ...report,
    dataset: { ...report.dataset, sources: [] },
    constitution: {
      ...constitution,
      remarks: [],
      constitution: [],
      principles: constitution.principles.map((principle, index) => ({
        ...principle,
        agreement: null,
        relevance: null,
        accuracy: null,
        kappa_adjusted: null,
        kappa_cohen: null,
        strength: null,
        strength_ci: null,
        strength_length_controlled: null,
        strength_length_controlled_ci: null,
        p: null,
        p_adjusted: null,
        strength_test: null,
        strength_test_ci: null,
        status: index % 2 === 0 ? 'undefined' : 'too_small',
        is_selected: false,
        rank: null,
        weight: null,
      })),
      reconstruction: {
        ...constitution.reconstruction,
        baseline_longer: null,
        baseline_longer_ci: null,
        majority: null,
        majority_ci: null,
        weighted: null,
        weighted_ci: null,
        gain_over_longer: null,
        gain_over_longer_ci: null,
        train_majority: null,
        train_weighted: null,
        executor_agreement: none,
        silent: none,
      },
    },
    audits: { ...audits, audits: [] },
    examples: [],
  };
}

/** The sample with undefined audit figures and with texts that try to break out wherever the document holds data. */
export function makeHostileReport(): ReportDocument {
  const report = makeSampleReport();
  const attack =
    '<script>window.pwned = 1</script></style></title><img src=x onerror="window.pwned = 1">' +
    '\'"><svg onload=window.pwned=1> [x](javascript:window.pwned=1) | `a` ``` | https://example.org/x.png www.example.org @someone';
  const hidden = 'user\u{202E}gpj.exe \u{2066}x\u{2069} \0 \u{D800} \x1b[31m';
  return {
    ...report,
    title: `${attack} ${hidden}`,
    product_version: attack,
    dataset: { ...report.dataset, name: attack, format: attack, sources: [attack, hidden] },
    constitution: {
      ...report.constitution,
      dataset: attack,
      length_control: attack,
      remarks: [attack, hidden],
      principles: report.constitution.principles.map((principle) => ({
        ...principle,
        text: `${principle.text} ${attack} ${hidden}`,
        family: attack,
      })),
    },
    audits: {
      ...report.audits,
      audits: report.audits.audits.map((audit) => ({
        ...audit,
        title: attack,
        finding: attack,
        reason: audit.reason === null ? null : attack,
        params: { [attack]: attack },
        figures: audit.figures.map((figure) => ({
          ...figure,
          title: attack,
          slice_dim: attack,
          slice_value: hidden,
          value: null,
          ci_lo: null,
          ci_hi: null,
          p: null,
          p_adj: null,
          n_clusters: null,
          status: 'undefined',
          neutral: null,
        })),
        series: audit.series.map((series) => ({
          ...series,
          title: attack,
          x_title: attack,
          y_title: hidden,
          points: series.points.map((point) => ({
            ...point,
            label: attack,
            y: null,
            ci_lo: null,
            ci_hi: null,
          })),
        })),
      })),
    },
    examples: report.examples.map((example) => ({
      ...example,
      example_id: attack,
      source_file: attack,
      prompt: attack,
      chosen: attack,
      rejected: hidden,
      spoke_for: [attack],
      spoke_against: [hidden],
    })),
  };
}
