// Behaviour of every page. Everything is bound by data attributes and delegated, so it also works in fragments.
import htmx from 'htmx.org';
import 'bootstrap/js/dist/dropdown';
import 'bootstrap/js/dist/collapse';
import 'bootstrap/js/dist/offcanvas';
import './theme-toggle.js';
import './toasts.js';
import './confirm.js';
import './uploads.js';
import './requests.js';
import './forms.js';
import './drafts.js';
import './names.js';
import './terms.js';
import './menus.js';
import './palette.js';
import './drawer.js';
import './tables.js';
import './in-view.js';
import './map.js';
import './shares.js';
import './whatif.js';
import './twins.js';
import './nine-box.js';

window.htmx = htmx;
