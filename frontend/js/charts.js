// Charts with an axis to read. Data from json_script, labels and ranges from the data, language from <html lang>.
// CSP-safe: canvas and rich-text tooltips (HTML tooltips would need inline styles). Colours come from tokens.css.
import { init, getInstanceByDom, use } from 'echarts/core';
import { BarChart, CustomChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, MarkPointComponent, TooltipComponent } from 'echarts/components';
import { LabelLayout } from 'echarts/features';
import { CanvasRenderer } from 'echarts/renderers';
import { bars } from './charts/bars.js';
import { hist } from './charts/hist.js';
import { kpi, lines } from './charts/lines.js';
import { readTokens, tokens } from './charts/look.js';
import { weights } from './charts/weights.js';

use([BarChart, CustomChart, LineChart, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, MarkPointComponent, TooltipComponent, LabelLayout, CanvasRenderer]);

const KINDS = { kpi, lines, bars, weights, hist };
const NARROW = 480;

/** Narrow cards: direct labels become a legend below the chart, unless the card has one of its own. */
function narrowed(option, hasKeys) {
  const labelled = option.series.filter((series) => series.endLabel?.show);
  if (!labelled.length) return option;
  labelled.forEach((series) => { series.endLabel.show = false; });
  option.grid = { ...option.grid, right: 12 };
  if (hasKeys) return option;
  option.grid.bottom = 24 + 22 * Math.ceil(labelled.length / 2);
  option.legend = {
    data: labelled.map((series) => series.name), bottom: 0, left: 0, icon: 'roundRect', itemWidth: 10, itemHeight: 10,
    textStyle: { color: tokens['ink-2'], fontSize: 12, fontFamily: tokens.font },
  };
  return option;
}

function draw(place) {
  const source = document.getElementById(place.dataset.src);
  const kind = KINDS[place.dataset.chart];
  if (!source || !kind || !place.clientWidth) return;
  getInstanceByDom(place)?.dispose();
  const chart = init(place, null, { renderer: 'canvas' });
  const option = kind(JSON.parse(source.textContent));
  chart.setOption(place.clientWidth < NARROW ? narrowed(option, place.parentElement.querySelector('.keys') !== null) : option);
}

function drawAll(root = document) {
  readTokens();
  root.querySelectorAll('[data-chart]').forEach(draw);
}

function start() {
  document.fonts.ready.then(() => drawAll());
}
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
document.addEventListener('theme:change', () => drawAll());
document.addEventListener('htmx:afterSettle', (event) => drawAll(event.detail.elt.parentElement ?? document));
let resizing = 0;
window.addEventListener('resize', () => {
  cancelAnimationFrame(resizing);
  resizing = requestAnimationFrame(() => document.querySelectorAll('[data-chart]').forEach((place) => getInstanceByDom(place)?.resize()));
});
