// Forms: ⌘↵ submits, filters submit themselves, weights show their sum, a dropped file shows its name.
import { announce, on } from './dom.js';
import { textOf, unitsOf } from './shares-units.js';
import { say } from './words.js';

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return;
  const form = event.target.form ?? event.target.closest?.('form');
  if (!form || event.target.closest('dialog[open]#palette')) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector('button.btn-primary[type="submit"], button.btn-primary:not([type])'));
});

// Enter in the search above a choice finds; it does not send the form around it.
on('keydown', 'form[method="post"] input[type="search"][hx-get]', (event) => {
  if (event.key === 'Enter' && !event.metaKey && !event.ctrlKey) event.preventDefault();
});

// Where the search leaves somebody else chosen, the choice has changed: it is said, and kept with the draft.
document.addEventListener('htmx:afterSwap', ({ detail: { target } }) => {
  if (!(target instanceof HTMLSelectElement)) return;
  announce(target.selectedOptions[0]?.text ?? '');
  target.dispatchEvent(new Event('change', { bubbles: true }));
});

on('change', '[data-autosubmit]', (event, control) => control.form?.requestSubmit());

// What belongs to one choice of a field is there with that choice only. Without scripts it always is.
function showWhatBelongs(place) {
  const chosen = place.closest('form')?.querySelector(`[name="${place.dataset.shownFor}"]:checked`);
  place.hidden = chosen?.value !== place.dataset.shownWith;
}
document.querySelectorAll('[data-shown-for]').forEach(showWhatBelongs);
on('change', 'form input[type="radio"]', (event, input) => {
  input.form.querySelectorAll(`[data-shown-for="${CSS.escape(input.name)}"]`).forEach(showWhatBelongs);
});

// Weights must add up; the server checks again and answers with the same sentence. Counted in ten-thousandths.
function showSum(input) {
  const form = input.form ?? document;
  const chip = form.querySelector('[data-sum-chip] .chip') ?? document.querySelector('[data-sum-chip] .chip');
  if (!chip) return;
  const whole = unitsOf(input.dataset.sum || '100');
  let sum = 0;
  form.querySelectorAll('input[data-sum]').forEach((part) => { if (!part.disabled) sum += unitsOf(part.value) ?? 0; });
  const shown = (units) => textOf(Math.abs(units));
  const values = { sum: shown(sum), rest: shown(whole - sum) };
  chip.lastChild.textContent = sum === whole ? say('sum_right') : say(sum < whole ? 'sum_short' : 'sum_over', values);
  const sign = chip.parentElement.querySelector(`template[data-sum-icon="${sum === whole ? 'right' : 'wrong'}"]`);
  const drawn = chip.querySelector('svg');
  if (sign && drawn) drawn.replaceWith(sign.content.cloneNode(true));
  chip.classList.toggle('chip-good', sum === whole);
  chip.classList.toggle('chip-bad', sum !== whole);
}
on('input', 'input[data-sum]', (event, input) => showSum(input));

function showFiles(zone, input) {
  const names = [...input.files].map((file) => file.name).join(', ');
  const place = zone.querySelector('[data-drop-name]');
  if (place && names) place.textContent = names;
  zone.classList.toggle('has-file', input.files.length > 0);
}
on('change', '[data-drop] input[type="file"]', (event, input) => showFiles(input.closest('[data-drop]'), input));
on('dragover', '[data-drop]', (event, zone) => { event.preventDefault(); zone.classList.add('is-over'); });
on('dragleave', '[data-drop]', (event, zone) => zone.classList.remove('is-over'));
on('drop', '[data-drop]', (event, zone) => {
  const input = zone.querySelector('input[type="file"]');
  if (!input) return;
  event.preventDefault();
  zone.classList.remove('is-over');
  input.files = event.dataTransfer.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
});
