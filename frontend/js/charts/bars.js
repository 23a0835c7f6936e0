// Bars always start at zero.
import { axis, base, colour, figures, tokens, when } from './look.js';

export function bars(data) {
  const format = figures(data);
  const names = axis({ type: 'category', data: data.x, splitLine: { show: false }, inverse: Boolean(data.horizontal), axisLabel: { formatter: (x) => when(x), ...(data.horizontal ? { width: 120, overflow: 'truncate' } : {}) } });
  const amounts = axis({ type: 'value', axisLine: { show: false }, splitNumber: 4, max: data.max, axisLabel: { formatter: format.axis } });
  const several = data.series.length > 1;
  const option = {
    ...base(),
    xAxis: data.horizontal ? amounts : names,
    yAxis: data.horizontal ? names : amounts,
    series: data.series.map((bar, index) => ({
      name: bar.name, type: 'bar', data: bar.values, stack: data.stacked ? 'all' : undefined, barMaxWidth: 28, itemStyle: { color: colour(bar.series || index + 1), borderRadius: data.stacked ? 0 : 2 },
      markLine: index === 0 && data.target != null ? {
        silent: true, symbol: 'none', lineStyle: { color: tokens.control, type: 'dashed' }, label: { color: tokens['ink-2'], fontSize: 12, formatter: format.full(data.target) },
        data: [data.horizontal ? { xAxis: data.target } : { yAxis: data.target }],
      } : undefined,
    })),
  };
  option.grid = { ...option.grid, left: data.horizontal ? 132 : 56, right: data.target != null ? 64 : 16, bottom: several ? 48 : 24 };
  if (several) option.legend = { bottom: 0, left: 0, icon: 'roundRect', itemWidth: 10, itemHeight: 10, textStyle: { color: tokens['ink-2'], fontSize: 12, fontFamily: tokens.font } };
  option.tooltip.axisPointer = { type: 'shadow', shadowStyle: { color: tokens.ink, opacity: 0.04 } };
  option.tooltip.formatter = (points) => [when(points[0].axisValue, true), ...points.map((point) => `${point.seriesName}  ${format.full(point.value)}`)].join('\n');
  return option;
}
