// Builds static/ and the icon list from frontend/ and node_modules. Run with `npm run build`; the result is committed.
// Nothing here may depend on the clock or the machine: the same sources must give the same files.
import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { reduceTabler } from './tabler.mjs';

const ROOT = path.resolve(import.meta.dirname, '..');
const SRC = path.join(ROOT, 'frontend');
const OUT = path.join(ROOT, 'static');
const MODULES = path.join(ROOT, 'node_modules');
const TARGET = ['es2022', 'chrome111', 'firefox121', 'safari16.4'];

const shared = { bundle: true, minify: true, target: TARGET, legalComments: 'none', logLevel: 'warning', charset: 'utf8' };

// Scripts. theme.js runs before the first paint and stays apart and tiny; charts.js and docs.js only load
// where a chart or the API documentation is.
await build({
  ...shared,
  entryPoints: { app: path.join(SRC, 'js/app.js'), charts: path.join(SRC, 'js/charts.js'), docs: path.join(SRC, 'js/docs.js'), theme: path.join(SRC, 'js/theme.js') },
  outdir: path.join(OUT, 'js'),
  format: 'iife',
});

// Styles: Tabler first, then our fonts, tokens and product rules. Fonts stay files with relative addresses,
// so that the hashed names of the static storage can be written into them.
fs.mkdirSync(path.join(OUT, 'css'), { recursive: true });
const tabler = reduceTabler(fs.readFileSync(path.join(MODULES, '@tabler/core/dist/css/tabler.css'), 'utf8'));
await build({ ...shared, stdin: { contents: tabler, loader: 'css' }, outfile: path.join(OUT, 'css/tabler.css') });
await build({
  ...shared,
  entryPoints: { accord: path.join(SRC, 'css/accord.css'), docs: path.join(SRC, 'css/docs.css') },
  outdir: path.join(OUT, 'css'),
  external: ['../fonts/*'],
});

fs.mkdirSync(path.join(OUT, 'fonts'), { recursive: true });
for (const subset of ['latin', 'latin-ext']) {
  const name = `inter-${subset}-opsz-normal.woff2`;
  fs.copyFileSync(path.join(MODULES, '@fontsource-variable/inter/files', name), path.join(OUT, 'fonts', name));
}

// Icons: the shapes of the listed Tabler icons, for the template tag that writes them inline.
const icons = { outline: {}, filled: {} };
for (const line of fs.readFileSync(path.join(SRC, 'icons.txt'), 'utf8').split('\n').filter(Boolean)) {
  const [kind, name] = line.includes('/') ? line.split('/') : ['outline', line];
  const svg = fs.readFileSync(path.join(MODULES, `@tabler/icons/icons/${kind}/${name}.svg`), 'utf8');
  const shapes = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>'));
  icons[kind][name] = shapes
    .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, '')
    .replace(/\s*\n\s*/g, ' ').replace(/ \/>/g, '/>').replace(/> </g, '><').trim();
}
const rows = (kind) => Object.entries(icons[kind]).map(([name, shapes]) => `  ${JSON.stringify(name)}: ${JSON.stringify(shapes)}`).join(',\n');
fs.writeFileSync(
  path.join(ROOT, 'performance/foundation/components/icons.json'),
  `{"outline": {\n${rows('outline')}\n}, "filled": {\n${rows('filled')}\n}}\n`,
);

// Licences of what is copied into static/.
const NOTICES = [
  ['Tabler (styles)', 'MIT', '@tabler/core', null],
  ['Tabler Icons', 'MIT', '@tabler/icons', 'LICENSE'],
  ['Bootstrap (menus, drawers)', 'MIT', 'bootstrap', 'LICENSE'],
  ['Popper', 'MIT', '@popperjs/core', 'LICENSE.md'],
  ['htmx', '0BSD', 'htmx.org', 'LICENSE'],
  ['Apache ECharts', 'Apache-2.0', 'echarts', 'LICENSE'],
  ['zrender', 'BSD-3-Clause', 'zrender', 'LICENSE'],
  ['tslib', '0BSD', 'tslib', 'LICENSE.txt'],
  ['Inter', 'OFL-1.1', '@fontsource-variable/inter', 'LICENSE'],
];
const notice = NOTICES.map(([title, licence, name, file]) => {
  const { version } = JSON.parse(fs.readFileSync(path.join(MODULES, name, 'package.json'), 'utf8'));
  const text = file && fs.existsSync(path.join(MODULES, name, file)) ? fs.readFileSync(path.join(MODULES, name, file), 'utf8').trim() : `See the ${licence} licence.`;
  return `${title} ${version} (${licence})\n${'='.repeat(60)}\n\n${text.replace(/\r/g, '')}\n`;
}).join('\n\n');
fs.writeFileSync(path.join(OUT, 'LICENSES.txt'), `Third-party work in this folder, and its licences.\n\n${notice}`);

for (const folder of ['css', 'js', 'fonts']) {
  for (const file of fs.readdirSync(path.join(OUT, folder)).sort()) {
    console.log(`${folder}/${file}`.padEnd(40), `${(fs.statSync(path.join(OUT, folder, file)).size / 1024).toFixed(0)} KB`);
  }
}
