// Tabler without the families that this product does not use. A list of what is left out, rather than of what is
// kept: a class that somebody uses tomorrow keeps working without a new build.
import postcss from 'postcss';

const FAMILIES = [
  'accordion', 'apexcharts', 'badge-blink', 'bg-(?:facebook|twitter|x|linkedin|google|youtube|vimeo|dribbble|github|instagram|pinterest|vk|rss|flickr|bitbucket|tabler)',
  '(?:bg|btn|text|border|link|status|ribbon|badge|alert|steps|avatar|form-colorinput|legend|switch-icon|spinner|tag|chart|placeholder|list-group-item|timeline-event-icon|toast|btn-outline|btn-ghost|bg-gradient|from|to)-(?:blue|azure|indigo|purple|pink|red|orange|yellow|lime|green|teal|cyan|gray-?\\d*|facebook|twitter|x|linkedin|google|youtube|vimeo|dribbble|github|instagram|pinterest|vk|rss|flickr|bitbucket|tabler)',
  'carousel', 'chart', 'countup', 'datagrid', 'demo', 'dropzone', 'dz', 'fc', 'flatpickr', 'flag', 'gradient', 'hr-text', 'icon-(?:pulse|tada|rotate)', 'img-responsive', 'input-otp', 'otp', 'jvm', 'legend',
  'litepicker', 'markdown', 'mention', 'navbar', 'noUi', 'page-(?:wrapper|body|header|cover|center|tabs)', 'payment', 'plyr', 'pricing', 'ribbon', 'settings', 'signal', 'social', 'sortable',
  'sparkline', 'star-rating', 'status', 'steps?', 'step-item', 'strength', 'switch-icon', 'theme', 'timeline', 'tinymce', 'toast', 'tom-select', 'ts', 'tracking', 'tx', 'typed', 'wysiwyg', 'calendar', 'cover',
];
// The screens of the product have one breakpoint of their own; of the utility classes only md and lg are kept.
const RESPONSIVE = ['[a-z]+(?:-[a-z0-9]+)*-(?:sm|xl|xxl)-(?:\\d+|auto|none|block|inline|inline-block|flex|inline-flex|grid|inline-grid|table|table-cell|table-row|start|end|center|between|around|evenly|stretch|baseline|row|column|row-reverse|column-reverse|wrap|nowrap|wrap-reverse|fill|grow-\\d|shrink-\\d|first|last|cover|contain|scale|under)'];
const unused = new RegExp(`\\.(?:${[...FAMILIES, ...RESPONSIVE].join('|')})(?![a-z0-9_])`);

export function reduceTabler(css) {
  const root = postcss.parse(css);
  root.walkComments((comment) => comment.remove());
  root.walkRules((rule) => {
    if (rule.parent.type === 'atrule' && rule.parent.name.endsWith('keyframes')) return;
    const kept = rule.selectors.filter((selector) => !unused.test(selector));
    if (kept.length) rule.selectors = kept;
    else rule.remove();
  });
  root.walkAtRules((at) => { if (at.nodes && at.nodes.length === 0) at.remove(); });
  return root.toString();
}
