import { on } from './dom.js';

on('click', '[data-theme-toggle]', () => {
  const root = document.documentElement;
  const next = root.getAttribute('data-bs-theme') === 'dark' ? 'light' : 'dark';
  root.setAttribute('data-bs-theme', next);
  try { localStorage.setItem('theme', next); } catch { /* storage is blocked; the choice holds for this page */ }
  document.dispatchEvent(new CustomEvent('theme:change'));
});
