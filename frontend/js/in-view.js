// What is chosen in a row that scrolls sideways is in sight from the start, once the letters have their widths.
document.fonts.ready.then(() => {
  for (const chosen of document.querySelectorAll('.tabs [aria-current], [data-in-view]')) {
    const row = chosen.parentElement;
    const [inner, outer] = [chosen.getBoundingClientRect(), row.getBoundingClientRect()];
    row.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
  }
});

// A table of weeks opens at the newest, also after a filter has brought another.
function openAtTheEnd() {
  for (const around of document.querySelectorAll('[data-from-end]:not([data-is-open])')) {
    around.dataset.isOpen = '';
    around.scrollLeft = around.scrollWidth;
  }
}
document.fonts.ready.then(openAtTheEnd);
document.addEventListener('htmx:afterSettle', openAtTheEnd);
