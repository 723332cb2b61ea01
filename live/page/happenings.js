// The list of what happens: captures, misses, changes of mode, holds, bans.

import { clock, count, isNumber, milliseconds, span, usd } from './format.js';

const KEPT = 80;

const lasts = event => isNumber(event.ends_in_s) ? ` for ${span(event.ends_in_s)}` : '';
const cause = event => event.cause ? String(event.cause).replaceAll('_', ' ') : '';
const because = event => cause(event) && `, cause: ${cause(event)}`;
const value = event => event.value ?? (event.number ? count(event.number) : '');

/** kind (decides colour and mark), title, text. */
const told = {
  capture: e => ['captured', 'Captured', `${e.symbol} ${e.side ?? ''} ${usd(e.usd)}` +
    (isNumber(e.latency_ms) ? `, ${milliseconds(e.latency_ms)}` : '')],
  miss: e => ['missed', 'Missed', `${e.symbol} ${e.side ?? ''} ${usd(e.usd)}${cause(e) && `, ${cause(e)}`}`],
  mode: e => ['mode', 'Mode', `${value(e)}${lasts(e)}${because(e)}`],
  hold: e => ['hold', 'Hold', `nothing is sent${lasts(e)}${because(e)}`],
  ban: e => ['ban', 'Ban', e.value === 'off' ? 'over' : `nothing is sent${lasts(e)}${because(e)}`],
  429: e => ['hold', '429', `${count(e.number)} in a row`],
  418: e => ['ban', '418', `${count(e.number)} since the last success`],
  'queue-buildup': e => ['hold', 'Queue', `${count(e.number)} requests wait as ${value(e)}`],
  limiter: e => ['mode', 'Limiter', e.value === 'gone' ? 'the bot is gone' : 'a bot attached its limiter'],
};

const other = e => ['mode', e.what, `${value(e)}${lasts(e)}${because(e)}`];

export function show(event) {
  const list = document.getElementById('happenings');
  const [kind, title, text] = (told[event.what] ?? other)(event);
  const item = document.createElement('li');
  const time = document.createElement('time');
  const name = document.createElement('b');
  time.textContent = clock(event.time_ms);
  name.textContent = title;
  item.dataset.kind = kind;
  item.append(time, name, ` ${text}`);
  list.prepend(item);
  if (list.children.length > KEPT) list.lastChild.remove();
  document.getElementById('nothing-yet').hidden = true;
}
