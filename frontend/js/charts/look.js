// The look of the product for ECharts: colours of tokens.css, quiet axes, numbers and days in the page's language.
import { language } from '../words.js';

const NAMES = ['ink', 'ink-2', 'ink-3', 'line', 'line-2', 'surface', 'sunken', 'accent', 'accent-soft', 'good-mark', 'warn-mark', 'bad-mark', 'bad', 'info-mark', 'control', 'd1-soft', 'd1', 'd2', 'd3', 'd4', 'd5', 'd6', 'd7', 'd8'];
export const tokens = {};

export function readTokens() {
  const css = getComputedStyle(document.documentElement);
  NAMES.forEach((name) => { tokens[name] = css.getPropertyValue(`--o-${name}`).trim(); });
  tokens.font = css.getPropertyValue('--o-font').trim();
}

export const colour = (series) => tokens[`d${series || 1}`];

/** A formatter for the figures of one chart: {decimals, unit, currency, percent}. Large figures are shortened. */
export function figures(data) {
  const decimals = data.decimals ?? null;
  const style = data.currency ? { style: 'currency', currency: data.currency, currencyDisplay: 'narrowSymbol' } : {};
  const exact = new Intl.NumberFormat(language(), { ...style, minimumFractionDigits: decimals ?? 0, maximumFractionDigits: decimals ?? 2 });
  const short = new Intl.NumberFormat(language(), { ...style, notation: 'compact', maximumFractionDigits: 1 });
  const brief = new Intl.NumberFormat(language(), { ...style, notation: 'compact', maximumSignificantDigits: 4 });
  const unit = data.percent ? '%' : data.unit ? ` ${data.unit}` : '';
  const text = (format, value) => format.format(value).replace('-', '−');
  return {
    full: (value) => (value == null ? '–' : text(exact, value) + unit),
    // Beside a line, where a whole amount would lie over others; tooltip and table have it.
    label: (value) => (value == null ? '–' : text(Math.abs(value) >= 100000 ? brief : exact, value) + unit),
    axis: (value) => text(Math.abs(value) >= 100000 ? short : new Intl.NumberFormat(language(), { maximumFractionDigits: Math.max(decimals ?? 2, 0) }), value) + (data.percent ? '%' : ''),
  };
}

/** Labels of a time axis: "2025-01", "2025-Q1", "2025-01-06". Anything else is shown as it is. */
export function when(x, long = false) {
  const quarter = /^(\d{4})-?Q([1-4])$/.exec(x);
  const chinese = language().startsWith('zh');
  if (quarter) return chinese ? `${quarter[1]}年${'一二三四'[quarter[2] - 1]}季度` : `Q${quarter[2]} ${quarter[1]}`;
  const month = /^(\d{4})-(\d{2})$/.exec(x);
  if (month) {
    const date = new Date(Date.UTC(+month[1], +month[2] - 1, 1));
    const options = long || month[2] === '01' ? { month: 'short', year: 'numeric' } : { month: 'short' };
    return new Intl.DateTimeFormat(language(), { ...options, timeZone: 'UTC' }).format(date);
  }
  if (/^\d{4}-\d{2}-\d{2}$/.test(x)) {
    return new Intl.DateTimeFormat(language(), { day: 'numeric', month: 'short', ...(long ? { year: 'numeric' } : {}), timeZone: 'UTC' }).format(new Date(`${x}T00:00:00Z`));
  }
  return String(x);
}

export function base() {
  return {
    animation: false,
    textStyle: { fontFamily: tokens.font, fontSize: 12, color: tokens['ink-2'] },
    grid: { left: 48, right: 16, top: 24, bottom: 24 },
    tooltip: {
      trigger: 'axis', renderMode: 'richText', confine: true, backgroundColor: tokens.surface, borderColor: tokens['line-2'], borderWidth: 1, padding: [8, 10],
      textStyle: { color: tokens.ink, fontSize: 12, fontFamily: tokens.font }, axisPointer: { lineStyle: { color: tokens.control, type: 'dashed' } },
    },
  };
}

export function axis(options) {
  return {
    axisLine: { lineStyle: { color: tokens['line-2'] } }, axisTick: { show: false },
    splitLine: { lineStyle: { color: tokens.line } }, ...options,
    axisLabel: { color: tokens['ink-3'], fontSize: 12, hideOverlap: true, ...options.axisLabel },
  };
}

/** Room for direct labels at the right edge, by their longest. */
export const roomFor = (labels) => 20 + Math.max(0, ...labels.map((label) => [...label].reduce((sum, letter) => sum + (letter > '⺀' ? 12 : 6.6), 0)));
