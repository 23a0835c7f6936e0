// Runs before the first paint: the theme chosen on this device, else the one of the system.
(() => {
  let chosen = null;
  try { chosen = localStorage.getItem('theme'); } catch { /* storage is blocked; the system decides */ }
  const asked = new URLSearchParams(location.search).get('theme');
  const theme = [asked, chosen].find((name) => name === 'light' || name === 'dark')
    ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  document.documentElement.setAttribute('data-bs-theme', theme);
})();
