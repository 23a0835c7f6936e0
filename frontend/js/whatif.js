// What-if: the server's arithmetic with the weights held. Nothing is stored; another stage asks the server.
import { figure, signedFigure } from './words.js';

function run(form) {
  const total = Number(form.dataset.whatif);
  let now = total;
  let constant = Number(form.dataset.const);
  form.querySelectorAll('input[type="range"][data-w]').forEach((range) => {
    const change = Number(range.value) - Number(range.defaultValue);
    now += (change * Number(range.dataset.w)) / 100;
    constant += (change * Number(range.dataset.b ?? 0)) / 100;
    const shown = form.querySelector(`output[for="${range.id}"]`);
    if (shown) shown.textContent = figure(Number(range.value), 0);
    const part = range.parentNode.querySelector('[data-pts]');
    if (part) part.textContent = figure((Number(range.value) * Number(range.dataset.w)) / 100) + part.textContent.replace(/^[−\d.,]+/, '');
  });
  const show = (name, text) => form.querySelectorAll(`[data-out="${name}"]`).forEach((place) => { place.textContent = text; });
  show('total', figure(now));
  show('const', figure(constant));
  show('delta', Math.abs(now - total) < 0.05 ? '=' : signedFigure(now - total));
  form.querySelector('[data-out="bar"]')?.setAttribute('width', `${Math.max(0, Math.min(100, now))}%`);
}

document.addEventListener('input', (event) => { const form = event.target.closest?.('form[data-whatif]'); if (form) run(form); });
document.addEventListener('reset', (event) => { if (event.target.matches('form[data-whatif]')) setTimeout(() => run(event.target)); });
