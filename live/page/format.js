// Numbers as people read them.

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });

export const UNKNOWN = '–';

export const isNumber = value => typeof value === 'number' && Number.isFinite(value);

export const count = value => isNumber(value) ? whole.format(value) : UNKNOWN;

export const percent = value => isNumber(value) ? `${value.toFixed(1)} %` : UNKNOWN;

export const usd = value => isNumber(value) ? `${compact.format(value)} USD` : UNKNOWN;

export const milliseconds = value => isNumber(value) ? `${value < 10 ? value.toFixed(1) : whole.format(value)} ms` : UNKNOWN;

/** Seconds as "23 s", "1:59" or "1 h 10 min". */
export function span(seconds) {
  if (!isNumber(seconds)) return UNKNOWN;
  const left = Math.ceil(seconds);
  if (left < 60) return `${left} s`;
  if (left < 3600) return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')} min`;
  return `${Math.floor(left / 3600)} h ${Math.floor(left % 3600 / 60)} min`;
}

/** Time of day: hours, minutes, seconds. */
export const clock = ms => new Date(ms).toLocaleTimeString('en-GB');
