// "As table" beside a chart, folding of outlines, rows that open their first link.
import { on } from './dom.js';
import { say } from './words.js';

on('click', '[data-table-toggle]', (event, button) => {
  const table = document.getElementById(button.dataset.tableToggle);
  if (!table) return;
  table.hidden = !table.hidden;
  button.setAttribute('aria-expanded', String(!table.hidden));
  const label = button.querySelector('[data-label]');
  if (label) label.textContent = say(table.hidden ? 'show_table' : 'hide_table');
});

// A branch that came with the page folds here; one that has not come yet is fetched by the button's own hx-get.
on('click', '[data-org]', (event, button) => {
  const branch = button.closest('li')?.querySelector(':scope > ul');
  if (!branch) return;
  const unloaded = button.hasAttribute('hx-get') && !branch.children.length;
  branch.hidden = unloaded ? false : !branch.hidden;
  button.setAttribute('aria-expanded', String(!branch.hidden));
});

on('click', 'tr[data-row]', (event, row) => {
  if (event.target.closest('a, button, input, select, textarea, label') || String(getSelection())) return;
  row.querySelector('a')?.click();
});
