// Menus are <details class="menu">: they open without JavaScript; this closes them like people expect.
import { on } from './dom.js';
import { toast } from './toasts.js';
import { say } from './words.js';

const open = () => document.querySelectorAll('details.menu[open]');

document.addEventListener('click', (event) => open().forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  open().forEach((menu) => {
    const inside = menu.contains(document.activeElement);
    menu.open = false;
    if (inside) menu.querySelector('summary').focus();
  });
});

on('click', '[data-copy]', async (event, button) => {
  await navigator.clipboard.writeText(button.dataset.copy);
  toast({ text: say('copied') });
});
