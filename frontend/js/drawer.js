// The drawer: a link with data-drawer opens at the side what its href opens as a page. Focus returns to the link.
import Offcanvas from 'bootstrap/js/dist/offcanvas';
import { on } from './dom.js';

on('click', '[data-drawer]', (event, marked) => {
  const drawer = document.getElementById('drawer');
  if (!drawer) return;
  // A whole row may be marked: its first link is what asks the server and gets the focus back.
  const opener = marked.matches('tr') ? marked.querySelector('a') ?? marked : marked;
  if (opener !== marked && !event.target.closest('a, button')) { opener.click(); return; }
  const title = document.getElementById('drawer-title');
  if (title) title.textContent = opener.dataset.drawer || opener.textContent.trim();
  drawer.addEventListener('hidden.bs.offcanvas', () => opener.focus(), { once: true });
  Offcanvas.getOrCreateInstance(drawer).show();
});

// The fragment's own first heading becomes the title of the drawer.
document.addEventListener('htmx:afterSwap', (event) => {
  const body = event.target.closest?.('#drawer-body');
  const heading = body?.querySelector('h2');
  if (!heading) return;
  document.getElementById('drawer-title').replaceChildren(...heading.childNodes);
  heading.remove();
});

on('click', '[data-drawer-close]', () => Offcanvas.getInstance(document.getElementById('drawer'))?.hide());
document.addEventListener('drawer:close', () => Offcanvas.getInstance(document.getElementById('drawer'))?.hide());
