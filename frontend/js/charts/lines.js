// Values over time. Solid is closed, dashed and hollow is provisional, dotted with a band is forecast, ring is anomaly.
import { say } from '../words.js';
import { axis, base, colour, figures, roomFor, tokens, when } from './look.js';

const ROOM = 14;
const invisible = { type: 'line', symbol: 'none', silent: true, lineStyle: { opacity: 0 }, tooltip: { show: false }, stack: 'forecast', stackStrategy: 'all' };

/** A value that stands at `offset` in a row as long as the axis, with gaps elsewhere. */
function placed(values, offset, length) {
  return Array.from({ length }, (gap, index) => values[index - offset] ?? null);
}

/** The first label has its year, so that it is said once even where January has no room. */
function categories(data) {
  return axis({ type: 'category', data: data.x, boundaryGap: false, splitLine: { show: false }, axisLabel: { formatter: (x, place) => when(x, place === 0) } });
}

/** `room`: [below, above], the per cent of its range that the axis reaches further, for a label beside its last point. */
function values(data, format, room = [0, 0]) {
  return axis({
    type: 'value', scale: data.zero !== true, boundaryGap: room.map((share) => `${share}%`), min: data.min, max: data.max, axisLine: { show: false }, splitNumber: 4,
    axisLabel: { formatter: format.axis },
  });
}

function tooltip(format, hidden = 0) {
  return (points) => {
    const shown = points.filter((point) => point.seriesIndex >= hidden && point.value != null);
    const seen = new Set();
    const rows = shown.filter((point) => !seen.has(point.seriesName) && seen.add(point.seriesName));
    return [when(points[0].axisValue, true), ...rows.map((point) => `${point.seriesName}  ${format.full(point.value)}`)].join('\n');
  };
}

/** Without the gaps at its end; those before and between keep the months in their places. */
function withoutTail(values) {
  return values.slice(0, values.findLastIndex((value) => value != null) + 1);
}

/** Room for a label over or under a point; below, unless it would bring what is never below zero there. */
function roomBeside(numbers, position) {
  if (position === 'top') return [0, ROOM];
  const low = Math.min(...numbers);
  return low < 0 || low >= ROOM * (Math.max(...numbers) - low) / 100 ? [ROOM, 0] : [0, 0];
}

/** One metric. See the conventions: x, closed, provisional, forecast (from forecast_at on, else after what is known), target,
 * anomalies, notes. */
export function kpi(data) {
  const format = figures(data);
  const names = { closed: say('closed'), provisional: say('provisional'), forecast: say('forecast'), target: say('target'), ...data.names };
  const length = data.x.length;
  const closed = data.closed ?? [];
  const provisional = withoutTail([data.provisional ?? []].flat());
  const forecast = data.forecast ?? [];
  const known = closed.length + provisional.length;
  const from = data.forecast_at ?? known;
  const last = [...closed, ...[data.provisional ?? []].flat()][from - 1] ?? null;
  const start = last == null ? from : from - 1;
  const joined = (first, rest) => placed(last == null ? rest : [first, ...rest], start, length);
  const target = Array.isArray(data.target) ? data.target : data.target == null ? [] : data.x.map(() => data.target);
  const targetLabel = `${names.target} ${format.label(target.findLast?.((value) => value != null))}`;
  const forecastLabel = forecast.length ? `${names.forecast} ${format.label(forecast.at(-1)[1])}` : '';
  const d1 = colour(data.series);
  const series = [
    { ...invisible, data: forecast.length ? joined(last, forecast.map((point) => point[0])) : [] },
    { ...invisible, areaStyle: { color: tokens['d1-soft'] }, data: forecast.length ? joined(0, forecast.map((point) => point[2] - point[0])) : [] },
  ];
  if (target.length) {
    series.push({
      name: names.target, type: 'line', data: target, symbol: 'none', lineStyle: { color: tokens.control, width: 1.25, type: [5, 4] }, itemStyle: { color: tokens.control },
      endLabel: { show: true, formatter: targetLabel, color: tokens['ink-2'], fontSize: 12 }, labelLayout: { moveOverlap: 'shiftY' },
    });
  }
  if (forecast.length) {
    series.push({
      name: names.forecast, type: 'line', data: joined(last, forecast.map((point) => point[1])), symbol: 'none', lineStyle: { color: d1, width: 1.5, type: [1, 4], cap: 'round' }, itemStyle: { color: d1 },
      endLabel: { show: true, formatter: forecastLabel, color: d1, fontSize: 12, fontWeight: 600 }, labelLayout: { moveOverlap: 'shiftY' },
    });
  }
  series.push({
    name: names.closed, type: 'line', data: placed(closed, 0, length), symbol: 'circle', symbolSize: 5, lineStyle: { color: d1, width: 2 }, itemStyle: { color: d1 },
    markPoint: data.anomalies?.length ? {
      silent: true, symbol: 'circle', symbolSize: 16, itemStyle: { color: 'transparent', borderColor: tokens['bad-mark'], borderWidth: 1.75 },
      label: { show: true, position: 'top', color: tokens['ink-2'], fontSize: 12, formatter: '{b}' },
      // Words over the last month end above it: there is no room beside it.
      data: data.anomalies.map((mark) => ({ name: mark.text ?? '', label: mark.i === known - 1 ? { align: 'right', offset: [10, 0] } : {}, coord: [data.x[mark.i], closed[mark.i] ?? provisional[mark.i - closed.length]] })),
    } : undefined,
    markLine: data.notes?.length ? {
      silent: true, symbol: 'none', lineStyle: { color: tokens['line-2'], type: 'solid' }, label: { color: tokens['ink-2'], fontSize: 12, formatter: '{b}' },
      data: data.notes.map((note) => ({ xAxis: note.x, name: note.text, label: { align: data.x.indexOf(note.x) * 2 > length ? 'right' : 'left' } })),
    } : undefined,
  });
  // On the side of the last point from which its line does not come, and where no ring has its words.
  const [before, now] = [...closed, ...provisional].slice(-2);
  const position = now >= before && !data.anomalies?.some((mark) => mark.i === known - 1) ? 'top' : 'bottom';
  if (provisional.length) {
    const drawn = closed.length ? [closed.at(-1), ...provisional] : provisional;
    series.push({
      name: names.provisional, type: 'line', data: placed(drawn, closed.length ? closed.length - 1 : 0, length), symbol: 'circle',
      symbolSize: (value, point) => (point.dataIndex >= closed.length ? 8 : 0),
      lineStyle: { color: d1, width: 2, type: [4, 3] }, itemStyle: { color: tokens.surface, borderColor: d1, borderWidth: 2 },
      label: { show: true, position, distance: 8, offset: [4, 0], align: 'right', color: tokens.ink, fontWeight: 600, fontSize: 12, formatter: (point) => (point.dataIndex === known - 1 ? format.label(point.value) : '') },
    });
  }
  const labels = [target.length ? targetLabel : '', forecastLabel].filter(Boolean);
  const drawn = [...closed, ...provisional, ...target, ...forecast.flat()].filter((value) => value != null);
  const option = { ...base(), xAxis: categories(data), yAxis: values(data, format, provisional.length ? roomBeside(drawn, position) : [0, 0]), series };
  option.grid = { ...option.grid, right: labels.length ? roomFor(labels) : 24 };
  option.tooltip.formatter = tooltip(format, 2);
  return option;
}

/** Up to six series, each with its name at its end. `provisional` trailing points are dashed. */
export function lines(data) {
  const format = figures(data);
  const length = data.x.length;
  const series = data.series.flatMap((line, index) => {
    const hue = colour(line.series || index + 1);
    const loose = Number(line.provisional || 0);
    const cut = line.values.length - loose;
    const drawn = {
      name: line.name, type: 'line', data: placed(line.values.slice(0, cut), 0, length), symbol: 'circle', symbolSize: 4, lineStyle: { color: hue, width: 2 }, itemStyle: { color: hue },
      endLabel: { show: !loose, formatter: line.name, color: hue, fontSize: 12 }, labelLayout: { moveOverlap: 'shiftY' },
    };
    if (!loose) return [drawn];
    return [drawn, {
      ...drawn, data: placed(line.values.slice(Math.max(cut - 1, 0)), Math.max(cut - 1, 0), length), symbolSize: (value, point) => (point.dataIndex >= cut ? 7 : 0), lineStyle: { color: hue, width: 2, type: [4, 3] },
      itemStyle: { color: tokens.surface, borderColor: hue, borderWidth: 2 }, endLabel: { ...drawn.endLabel, show: true },
    }];
  });
  const option = { ...base(), xAxis: categories(data), yAxis: values(data, format), series };
  option.grid = { ...option.grid, right: roomFor(data.series.map((line) => line.name)) };
  option.tooltip.formatter = tooltip(format);
  return option;
}
