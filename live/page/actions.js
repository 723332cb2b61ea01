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

const actions = {
  'burst-btn': { route: 'burst-mode' },
  'liquidation-btn': { route: 'liquidation-mode', question: 'confirm' },
  'reset-btn': { route: 'reset-modes' },
};

export class Actions {
  constructor() {
    this.token = takeToken();
    this.state = { attached: false, modes: false, live: false };
    addEventListener('hashchange', () => { this.token = takeToken(); this.update(); });
    for (const [id, { route, question }] of Object.entries(actions)) {
      const press = () => this.press(route, element(id));
      if (question) this.ask(element(id), element(question), press);
      else element(id).addEventListener('click', press);
    }
    this.update();
  }

  /** A button that opens a dialog; only its answer "yes" presses. */
  ask(button, dialog, press) {
    button.addEventListener('click', () => {
      dialog.returnValue = 'no';
      dialog.showModal();
    });
    dialog.addEventListener('close', () => { if (dialog.returnValue === 'yes') press(); });
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
    const { attached, modes, live } = this.state;
    const why = !this.token
      ? 'Read only: to switch modes, open the whole address that was printed when the server started, with its token.'
      : attached && !modes ? 'The modes of this limiter cannot be switched.' : '';
    for (const id of Object.keys(actions)) element(id).disabled = !(this.token && modes && live);
    element('locked').hidden = !why;
    element('locked').textContent = why;
  }

  set(changes) {
    const state = { ...this.state, ...changes };
    if (Object.keys(state).some(key => state[key] !== this.state[key])) {
      this.state = state;
      this.update();
    }
  }
}
