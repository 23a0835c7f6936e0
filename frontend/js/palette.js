// Search and jump: Ctrl or ⌘ K. The focus stays in the field; below it one result is chosen, the arrows choose another,
// and Enter opens it. Until the results of what is typed are there none is, and Enter opens the page of the search.
import { on } from './dom.js';
import { say } from './words.js';

const palette = () => document.getElementById('palette');
const fieldOf = (dialog) => dialog.querySelector('input');
const optionsOf = (dialog) => [...dialog.querySelectorAll('#palette-results a')];
const chosenIn = (dialog) => dialog.querySelector('#palette-results [aria-selected="true"]');
/** What the results that stand there were found for. */
let shownFor = '';

function choose(dialog, place) {
  const field = fieldOf(dialog);
  const options = optionsOf(dialog);
  const at = place === null ? -1 : (place + options.length) % options.length;
  options.forEach((option, index) => option.setAttribute('aria-selected', String(index === at)));
  if (options[at]) field.setAttribute('aria-activedescendant', options[at].id);
  else field.removeAttribute('aria-activedescendant');
  options[at]?.scrollIntoView({ block: 'nearest' });
}

/** The links below the field are its options; without one there is no list, only a sentence. */
function lay(dialog) {
  const field = fieldOf(dialog);
  const place = dialog.querySelector('#palette-results');
  const options = optionsOf(dialog);
  options.forEach((option, index) => { option.id = `palette-${index}`; option.setAttribute('role', 'option'); option.tabIndex = -1; });
  place.setAttribute('role', options.length ? 'listbox' : 'group');
  field.setAttribute('aria-expanded', String(options.length > 0));
  dialog.querySelector('[data-palette-said]').textContent = options.length ? say('results_found', { number: options.length }) : place.textContent.trim();
  choose(dialog, options.length && field.value.trim() === shownFor ? 0 : null);
}

function openPalette() {
  const dialog = palette();
  if (!dialog || dialog.open) return Boolean(dialog);
  lay(dialog);
  dialog.showModal();
  fieldOf(dialog).select();
  return true;
}

document.addEventListener('keydown', (event) => {
  if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey) || event.altKey || event.shiftKey) return;
  if (openPalette()) event.preventDefault();
});
on('click', '[data-palette]', (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (openPalette()) event.preventDefault();
});
on('click', 'dialog', (event, dialog) => { if (event.target === dialog && dialog.id !== 'confirm') dialog.close(); });

on('input', '#palette input', (event, field) => choose(palette(), field.value.trim() === shownFor && optionsOf(palette()).length ? 0 : null));
document.addEventListener('htmx:afterSwap', ({ detail: { target, requestConfig } }) => {
  if (target?.id !== 'palette-results') return;
  shownFor = String(requestConfig.parameters.q ?? '').trim();
  lay(palette());
});

const STEPS = { ArrowDown: 1, ArrowUp: -1 };
on('keydown', '#palette input', (event) => {
  // What is being composed takes the key for itself.
  if (event.isComposing || event.keyCode === 229) return;
  const dialog = palette();
  const options = optionsOf(dialog);
  const chosen = chosenIn(dialog);
  if (event.key in STEPS && options.length) {
    event.preventDefault();
    const from = chosen ? options.indexOf(chosen) : { ArrowDown: -1, ArrowUp: 0 }[event.key];
    choose(dialog, from + STEPS[event.key]);
  }
  if (event.key === 'Enter' && chosen) { event.preventDefault(); chosen.click(); }
});
