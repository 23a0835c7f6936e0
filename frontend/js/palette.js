// Search and jump: Ctrl or ⌘ K. Results are links, so arrows only move the focus and Enter follows.
import { on } from './dom.js';

function openPalette() {
  const dialog = document.getElementById('palette');
  if (!dialog || dialog.open) return Boolean(dialog);
  dialog.showModal();
  dialog.querySelector('input').select();
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

on('keydown', '#palette', (event, dialog) => {
  const links = [...dialog.querySelectorAll('#palette-results a')];
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  if (event.key === 'ArrowDown') { event.preventDefault(); links[Math.min(at + 1, links.length - 1)].focus(); }
  if (event.key === 'ArrowUp') { event.preventDefault(); if (at > 0) links[at - 1].focus(); else dialog.querySelector('input').focus(); }
  if (event.key === 'Enter' && at < 0) { event.preventDefault(); links[0].click(); }
});
