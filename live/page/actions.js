// The buttons: the token, the question before liquidation mode, and toasts.

import { switchMode } from './source.js';

const TOAST_MS = 3000;
const ERROR_MS = 8000;
const KEY = 'weir-token';

const element = id => document.getElementById(id);

/** From the address of the page, from which it is taken out; kept while the tab is open. */
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem(KEY) ?? '';
}

function toast(text, type) {
  const shown = document.createElement('p');
  shown.className = `toast toast-${type}`;
  shown.textContent = text;
  element('toasts').append(shown);
  setTimeout(() => shown.remove(), type === 'error' ? ERROR_MS : TOAST_MS);
}

/** Asks; true if the answer is yes. */
function confirmed() {
  const dialog = element('confirm');
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise(resolve => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

const actions = {
  'burst-btn': { route: 'burst-mode' },
  'liquidation-btn': { route: 'liquidation-mode', asks: true },
  'reset-btn': { route: 'reset-modes' },
};

export class Actions {
  constructor() {
    this.token = takeToken();
    this.attached = false;
    this.live = false;
    addEventListener('hashchange', () => { this.token = takeToken(); this.update(); });
    for (const [id, { route, asks }] of Object.entries(actions)) {
      element(id).addEventListener('click', async () => {
        if (!asks || await confirmed()) await this.press(route, element(id));
      });
    }
    this.update();
  }

  async press(route, button) {
    button.setAttribute('aria-busy', 'true');
    try {
      toast(await switchMode(route, this.token), 'success');
    } catch (problem) {
      toast(`The mode was not switched: ${problem.message}`, 'error');
    }
    button.removeAttribute('aria-busy');
  }

  /** Which buttons can be pressed, and why not. */
  update() {
    const why = !this.token
      ? 'Read only: to switch modes, open the whole address that was printed when the server started, with its token.'
      : '';
    const enabled = Boolean(this.token) && this.attached && this.live;
    for (const id of Object.keys(actions)) element(id).disabled = !enabled;
    element('locked').hidden = !why;
    element('locked').textContent = why;
  }

  set(state) {
    if (this.attached !== state.attached || this.live !== state.live) {
      Object.assign(this, state);
      this.update();
    }
  }
}
