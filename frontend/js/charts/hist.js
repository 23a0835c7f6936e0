// Histogram: from zero, one bar a bin, limits as lines. Up and down differ by side first, by colour second.
import { say } from '../words.js';
import { axis, base, colour, figures, tokens } from './look.js';

export function hist(data) {
  const format = figures(data);
  const signed = (value) => (value > 0 && data.from < 0 ? '+' : '') + format.axis(value);
  const middles = data.counts.map((count, index) => data.from + data.step * (index + 0.5));
  const end = data.from + data.step * data.counts.length;
  const reach = data.limit == null ? 0 : data.limit + data.step;
  const bin = (parameters, api) => {
    const x = api.value(0);
    const [left, top] = api.coord([x - data.step / 2, api.value(1)]);
    const [right, bottom] = api.coord([x + data.step / 2, 0]);
    return { type: 'rect', shape: { x: left + 1, y: top, width: Math.max(right - left - 2, 1), height: bottom - top, r: [2, 2, 0, 0] }, style: { fill: x >= 0 ? colour(1) : colour(8) } };
  };
  const option = {
    ...base(),
    grid: { left: 36, right: 12, top: 20, bottom: data.x_name ? 40 : 22 },
    xAxis: axis({
      type: 'value', min: Math.min(data.from, -reach || data.from), max: Math.max(end, reach), splitLine: { show: false }, name: data.x_name, nameLocation: 'middle', nameGap: 26, nameTextStyle: { color: tokens['ink-3'] },
      axisLabel: { formatter: signed },
    }),
    yAxis: axis({ type: 'value', splitNumber: 2, minInterval: 1, axisLine: { show: false }, axisLabel: { formatter: format.axis } }),
    series: [{
      type: 'custom', renderItem: bin, data: middles.map((middle, index) => [middle, data.counts[index]]), encode: { x: 0, y: 1 },
      markLine: data.limit == null ? undefined : {
        silent: true, symbol: 'none', lineStyle: { color: tokens.control, type: 'dashed' },
        label: { color: tokens['ink-2'], fontSize: 12, formatter: (point) => `${signed(point.value)} ${say('limit')}` }, data: [{ xAxis: -data.limit }, { xAxis: data.limit }],
      },
    }],
  };
  option.tooltip = { show: false };
  return option;
}
