// The alerts above the widget. Each has a key, so that one that stays is changed, not made anew: a
// screen reader tells it once.

import { count, isNumber, percent, span } from './format.js';
import { CRITICAL_PCT, HIGH_PCT } from './status.js';

const QUEUE_LONG = 5;

const orderPct = stats => isNumber(stats.current_orders) && stats.order_limit > 0
  ? 100 * stats.current_orders / stats.order_limit : 0;

function use(alerts, key, name, pct) {
  if (pct > CRITICAL_PCT) {
    alerts.push([key, 'danger', 'Critical', `${percent(pct)} of the usable ${name} is used`]);
  } else if (pct > HIGH_PCT) {
    alerts.push([key, 'warning', 'High', `${percent(pct)} of the usable ${name} is used`]);
  }
}

/** What holds now: [key, type, title, text]. */
function due(stats) {
  const alerts = [];
  if (stats.banned) {
    const left = stats.ban_ends_in_s > 0 ? ` for another ${span(stats.ban_ends_in_s)}` : '';
    alerts.push(['ban', 'danger', 'Banned', `the exchange refuses this address${left}; the bot's log says what led to it`]);
  }
  if (stats.consecutive_429s > 0) {
    alerts.push(['429', 'warning', 'Rate limited', `${count(stats.consecutive_429s)} answers of 429 in a row`]);
  }
  use(alerts, 'weight', 'weight', stats.current_usage_pct);
  use(alerts, 'orders', 'order count', orderPct(stats));
  if (stats.queue_sizes?.critical > QUEUE_LONG) {
    alerts.push(['queue', 'warning', 'Queue', `${count(stats.queue_sizes.critical)} critical requests wait`]);
  }
  return alerts;
}

function make(key) {
  const alert = document.createElement('div');
  alert.dataset.key = key;
  alert.append(document.createElement('b'), document.createElement('span'));
  return alert;
}

export function show(stats) {
  const list = document.getElementById('alerts');
  const wanted = due(stats);
  for (const alert of [...list.children]) {
    if (!wanted.some(([key]) => key === alert.dataset.key)) alert.remove();
  }
  wanted.forEach(([key, type, title, text], place) => {
    const found = [...list.children].find(alert => alert.dataset.key === key);
    const alert = found ?? make(key);
    const changed = alert.dataset.type !== type;
    if (changed) {
      alert.dataset.type = type;
      alert.className = `alert alert-${type}`;
      alert.firstChild.textContent = title;
      alert.setAttribute('role', type === 'danger' ? 'alert' : 'status');
    }
    if (alert.lastChild.textContent !== text) alert.lastChild.textContent = text;
    alert.setAttribute('aria-live', changed ? 'assertive' : 'off'); // told once, not at each figure
    if (list.children[place] !== alert) list.insertBefore(alert, list.children[place] ?? null);
  });
}
