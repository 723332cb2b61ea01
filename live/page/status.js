// The widget: use, modes, queues, counters, and what the exchange counted.

import { UNKNOWN, count, isNumber, milliseconds, percent, span, usd } from './format.js';

export const HIGH_PCT = 75;
export const CRITICAL_PCT = 90;

const element = id => document.getElementById(id);

function put(id, text) {
  const target = element(id);
  if (target.textContent !== text) target.textContent = text;
}

export const level = pct => pct > CRITICAL_PCT ? 'critical' : pct > HIGH_PCT ? 'high' : 'calm';

const share = (used, limit) => `${count(used)} / ${count(limit)}`;

/** The limit of a type that the figures at the top are about: the fullest. */
export function fullest(stats, type) {
  return (Array.isArray(stats.limits) ? stats.limits : []).filter(limit => limit?.type === type)
    .reduce((most, limit) => !most || limit.usable_pct > most.usable_pct ? limit : most, undefined);
}

function windowNote(stats, type) {
  const limit = fullest(stats, type);
  const ends = limit ? limit.ends_in_s : stats.window_ends_in_s;
  const parts = [];
  if (isNumber(limit?.interval_s) && limit.interval_s !== 60) parts.push(`in ${span(limit.interval_s)}`);
  if (isNumber(limit?.others) && limit.others > 0) parts.push(`${count(limit.others)} by others`);
  if (isNumber(ends)) parts.push(`new window in ${span(ends)}`);
  return parts.join(', ');
}

function showUse(stats) {
  const pct = stats.current_usage_pct;
  const bar = element('usage-bar');
  const meter = bar.parentElement;
  const shown = isNumber(pct) ? Math.min(Math.max(pct, 0), 100) : 0;
  const state = level(pct);
  put('usage-pct', percent(pct));
  put('usage-note', { critical: 'critical', high: 'high', calm: '' }[state]);
  element('counted-by').hidden = stats.use_counted_by !== 'exchange';
  bar.style.width = `${shown}%`;
  meter.setAttribute('aria-valuenow', shown.toFixed(0));
  meter.setAttribute('aria-valuetext', percent(pct));
  element('usage-pct').closest('.usage').dataset.level = state;
  put('current-weight', share(stats.current_weight, stats.weight_limit));
  put('current-orders', share(stats.current_orders, stats.order_limit));
  put('weight-note', windowNote(stats, 'weight'));
  put('orders-note', windowNote(stats, 'orders'));
}

/** Whether there is a limiter whose modes can be switched. */
export const hasModes = stats => stats.attached !== false && stats.mode !== null;

function indicator(id, active, text) {
  put(id, text);
  element(id).parentElement.dataset.state = active;
}

function showModes(stats) {
  const left = isNumber(stats.mode_ends_in_s) ? `\n${span(stats.mode_ends_in_s)} left` : '';
  const ban = stats.ban_ends_in_s > 0 ? `\n${span(stats.ban_ends_in_s)} left` : '';
  const hold = stats.hold_ends_in_s > 0;
  const modal = hasModes(stats);
  indicator('burst-mode', stats.burst_mode ? 'active' : 'inactive',
    stats.burst_mode ? `BURST${left}` : modal ? 'Normal' : UNKNOWN);
  indicator('liquidation-mode', stats.liquidation_mode ? 'active' : 'inactive',
    stats.liquidation_mode ? `LIQUIDATION${left}` : modal ? 'Normal' : UNKNOWN);
  indicator('ban-status', stats.banned ? 'banned' : hold ? 'active' : 'online',
    stats.banned ? `BANNED${ban}` : hold ? `Holding\n${span(stats.hold_ends_in_s)} left` : 'Online');
}

function showQueues({ queue_sizes: sizes }) {
  put('critical-queue', count(sizes?.critical));
  put('normal-queue', count(sizes?.normal));
  put('low-queue', count(sizes?.low));
}

function showOpportunities({ opportunities: seen }) {
  document.querySelector('main').dataset.opportunities = seen ? 'yes' : 'no';
  const decided = (seen?.captured ?? 0) + (seen?.missed ?? 0);
  put('captured', count(seen?.captured));
  put('missed', count(seen?.missed));
  put('captured-usd', seen ? usd(seen.captured_usd) : '');
  put('missed-usd', seen ? usd(seen.missed_usd) : '');
  put('capture-rate', decided > 0 ? percent(100 * seen.captured / decided) : UNKNOWN);
}

/** "outbid 12, weight 3", most first. */
function reasons(counts) {
  return Object.entries(counts ?? {}).sort((a, b) => b[1] - a[1])
    .map(([reason, times]) => `${reason.replaceAll('_', ' ')} ${count(times)}`).join(', ');
}

function showCounts(stats) {
  const rows = [
    ['Sent', count(stats.requests_sent)],
    ['In the last minute', count(stats.recent_requests)],
    ['Answered 429', count(stats['429_received'])],
    ['Answered 418', count(stats['418_received'] ?? stats.exchange?.answered_418)],
    ['Queued', count(stats.requests_queued)],
    ['Refused or dropped', count(stats.requests_dropped)],
    ['Weight sent', stats.weight_used > 0 ? count(stats.weight_used) : UNKNOWN],
    ['Recent peak', percent(stats.peak_usage_pct)],
    ['Round trip', stats.mean_trip_ms > 0 ? milliseconds(stats.mean_trip_ms) : UNKNOWN],
    ['Refused for', reasons(stats.refused)],
    ['Dropped for', reasons(stats.dropped)],
  ];
  const shown = rows.filter(([, text]) => text && text !== UNKNOWN);
  const list = element('counts');
  if (list.children.length !== shown.length) {
    list.replaceChildren(...shown.map(() => {
      const row = document.createElement('div');
      row.append(document.createElement('dt'), document.createElement('dd'));
      return row;
    }));
  }
  shown.forEach(([name, text], i) => {
    const [dt, dd] = list.children[i].children;
    list.children[i].className = name.endsWith(' for') ? 'reasons' : '';
    if (dt.textContent !== name) dt.textContent = name;
    if (dd.textContent !== text) dd.textContent = text;
  });
}

function fill(id, rows) {
  const body = element(id);
  if (rows.length === 0) {
    const row = document.createElement('tr');
    const cell = document.createElement('td');
    cell.className = 'empty';
    cell.colSpan = 4;
    cell.textContent = 'none yet';
    row.append(cell);
    body.replaceChildren(row);
    return;
  }
  body.replaceChildren(...rows.map(cells => {
    const row = document.createElement('tr');
    cells.forEach((text, i) => {
      const cell = document.createElement(i === 0 ? 'th' : 'td');
      if (i === 0) cell.scope = 'row';
      cell.textContent = text;
      row.append(cell);
    });
    return row;
  }));
}

function showExchange({ exchange }) {
  const card = document.querySelector('.exchange');
  card.hidden = !exchange;
  if (!exchange) return;
  fill('addresses', exchange.ips.map(ip => [
    ip.is_bot ? `${ip.address} (this bot)` : ip.address,
    `${count(ip.used_weight)} / ${count(exchange.weight_limit)}`,
    ip.ban_ends_in_s > 0 ? span(ip.ban_ends_in_s) : 'not banned']));
  fill('accounts', exchange.accounts.map(account => [
    account.key, `${count(account.used_orders)} / ${count(exchange.order_limit)}`,
    count(account.open_orders), count(account.fills)]));
}

function subject(stats) {
  if (stats.attached === false) return stats.exchange?.trace ? `exchange, ${stats.exchange.trace}` : 'exchange';
  return [stats.bot, stats.policy && `policy ${stats.policy}`, stats.exchange?.trace].filter(Boolean).join(', ');
}

export function show(stats) {
  put('subject', subject(stats));
  element('unattached').hidden = stats.attached !== false;
  showUse(stats);
  showModes(stats);
  showQueues(stats);
  showOpportunities(stats);
  showCounts(stats);
  showExchange(stats);
}
