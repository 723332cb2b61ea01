// Brings the parts of the page together.

import { Actions } from './actions.js';
import { show as showAlerts } from './alerts.js';
import { Charts } from './charts.js';
import { clock } from './format.js';
import { show as showHappening } from './happenings.js';
import { follow, history } from './source.js';
import { hasModes, show as showStatus } from './status.js';

const charts = new Charts();
const actions = new Actions();
const pill = document.getElementById('connection');
let last;

function showState(state) {
  if (pill.dataset.state === state) return;
  pill.dataset.state = state;
  document.body.dataset.state = state;
  pill.textContent = state === 'live' ? 'Live' : `Connection lost${last ? ` at ${clock(last)}` : ''}, reconnecting`;
  actions.set({ live: state === 'live' });
}

follow({
  opened: async () => charts.restart(await history()),
  stats: figures => {
    last = figures.time_ms;
    showStatus(figures);
    showAlerts(figures);
    charts.add(figures);
    actions.set({ attached: figures.attached !== false, modes: hasModes(figures), live: true });
    document.body.dataset.ready = 'yes';
  },
  event: showHappening,
  state: showState,
});
