// Weights over time: stacked steps, always 0 to 100 %, named at the right edge.
import { axis, base, colour, figures, roomFor, tokens, when } from './look.js';

export function weights(data) {
  const format = figures({ decimals: 1, percent: true });
  const end = data.x.at(-1);
  const label = (line) => `${line.name}  ${format.full(line.values.at(-1))}`;
  const option = {
    ...base(),
    grid: { left: 44, right: roomFor(data.series.map(label)), top: 22, bottom: 24 },
    xAxis: axis({ type: 'time', min: data.x[0], max: end, splitLine: { show: false }, minInterval: 26 * 24 * 3600 * 1000, axisLabel: { formatter: (moment) => when(new Date(moment).toISOString().slice(0, 7)) } }),
    yAxis: axis({ type: 'value', max: 100, interval: 25, axisLabel: { formatter: '{value}%' }, axisLine: { show: false } }),
    series: data.series.map((line, index) => ({
      name: line.name, type: 'line', stack: 'weights', step: 'end', symbol: 'none', lineStyle: { width: 1, color: tokens.surface }, areaStyle: { color: colour(line.series), opacity: 0.88 }, itemStyle: { color: colour(line.series) },
      data: data.x.map((x, at) => [x, line.values[at]]),
      endLabel: { show: true, formatter: label(line), color: tokens['ink-2'], fontSize: 12, distance: 8 }, labelLayout: { moveOverlap: 'shiftY' },
      markLine: index || !data.events?.length ? undefined : {
        silent: true, symbol: 'none', label: { color: tokens.ink, fontSize: 12, fontWeight: 600, position: 'end', formatter: '{b}' }, lineStyle: { color: tokens.ink, width: 1, type: 'solid' },
        data: data.events.map((event) => ({ xAxis: event.x, name: event.text })),
      },
      markArea: index || !data.today || data.today >= end ? undefined : {
        silent: true, z: 9, itemStyle: { color: tokens.surface, opacity: 0.45 }, label: { color: tokens.ink, fontSize: 12, fontWeight: 600, position: 'insideTop' },
        data: [[{ xAxis: data.today, name: data.today_label ?? '' }, { xAxis: end }]],
      },
    })),
  };
  option.tooltip.formatter = (points) => [when(new Date(points[0].axisValue).toISOString().slice(0, 10), true), ...points.map((point) => `${point.seriesName}  ${format.full(point.value[1])}`)].join('\n');
  return option;
}
