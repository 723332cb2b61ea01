// The charts, by Chart.js: use of the allowance, captures and misses, over the last five minutes.

import { clock, count } from './format.js';

const SHOWN_MS = 300_000;
const BUCKET_MS = 5_000;
const GAP_MS = 3_000;
const LABEL_EVERY_MS = 10_000;

const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Shades the times of a ban, and of burst and liquidation mode. */
function shades(samples) {
  const colours = { ban: style('--ban'), mode: style('--mode') };
  const kind = sample => sample.banned ? 'ban' : sample.mode ? 'mode' : '';
  return {
    id: 'shades',
    beforeDatasetsDraw({ ctx, chartArea: area, scales: { x } }) {
      const band = (from, to, colour) => {
        const left = Math.max(x.getPixelForValue(from), area.left);
        const right = Math.min(x.getPixelForValue(to), area.right);
        ctx.fillStyle = colour;
        if (right > left) ctx.fillRect(left, area.top, right - left, area.bottom - area.top);
      };
      let from;
      samples().forEach((sample, i, all) => {
        const now = kind(sample);
        if (now && (i === 0 || kind(all[i - 1]) !== now)) from = sample.x;
        if (now && (i === all.length - 1 || kind(all[i + 1]) !== now)) {
          band(from, all[i + 1]?.x ?? sample.x, colours[now]);
        }
      });
    },
  };
}

/** A step that gives about four lines below `most`. */
function step(most) {
  const scale = 10 ** Math.floor(Math.log10(most / 4));
  return [1, 2, 3, 5, 6, 10].map(one => one * scale).find(one => one >= most / 4.5);
}

/** The axis of amounts ends a little above what it has to show, with lines at round numbers. */
function place(axis) {
  const size = Math.max(1, step(axis.max));
  axis.ticks = [];
  for (let value = 0; value <= axis.max; value += size) axis.ticks.push({ value });
}

function placeMinutes(axis) {
  axis.ticks = [];
  for (let ms = Math.ceil(axis.min / 60_000) * 60_000; ms <= axis.max; ms += 60_000) axis.ticks.push({ value: ms });
}

function axes(now) {
  const text = style('--muted');
  const grid = style('--grid');
  const font = { size: 12, family: getComputedStyle(document.body).fontFamily };
  return {
    x: {
      type: 'linear', min: now - SHOWN_MS, max: now, border: { color: grid }, grid: { display: false },
      ticks: { color: text, font, maxRotation: 0, callback: ms => clock(ms).slice(0, 5) },
      afterBuildTicks: placeMinutes,
    },
    y: {
      min: 0, max: 1, afterBuildTicks: place, border: { display: false }, grid: { color: grid, drawBorder: false },
      ticks: { color: text, font, callback: value => count(value) },
    },
  };
}

const tooltip = {
  animation: false, intersect: false, mode: 'index', displayColors: false,
  callbacks: { title: items => items.length ? clock(items[0].parsed.x) : '' },
};

function options(now) {
  return {
    animation: false, responsive: true, maintainAspectRatio: false, parsing: false, normalized: true,
    interaction: { mode: 'nearest', axis: 'x', intersect: false },
    plugins: { legend: { display: false }, tooltip },
    scales: axes(now),
  };
}

class Use {
  constructor(id, name, used, limit, colour, samples) {
    this.canvas = document.getElementById(id);
    Object.assign(this, { name, used, limit, colour, samples, labelled: 0 });
    const line = { pointRadius: 0, pointHitRadius: 8, borderWidth: 2, tension: 0, spanGaps: false };
    this.chart = new Chart(this.canvas, {
      type: 'line', plugins: [shades(samples)],
      data: {
        datasets: [
          { ...line, label: 'used', data: [], fill: 'origin', borderColor: style(colour), backgroundColor: style(`${colour}-pale`) },
          { ...line, label: 'usable', data: [], borderWidth: 1.5, borderDash: [5, 4], borderColor: style('--muted') },
        ],
      },
      options: options(Date.now()),
    });
  }

  draw(now) {
    const samples = this.samples();
    const [used, limit] = this.chart.data.datasets;
    const { x, y } = this.chart.options.scales;
    used.data = samples.map(s => ({ x: s.x, y: s[this.used] ?? NaN }));
    limit.data = samples.map(s => ({ x: s.x, y: s[this.limit] ?? NaN }));
    Object.assign(x, { min: now - SHOWN_MS, max: now });
    y.max = Math.max(1, ...[...used.data, ...limit.data].filter(p => p.y > 0).map(p => p.y * 1.06));
    this.chart.update('none');
    this.describe(now, samples.at(-1));
  }

  describe(now, last) {
    if (!last || now - this.labelled < LABEL_EVERY_MS) return;
    this.labelled = now;
    this.canvas.setAttribute('aria-label',
      `${this.name} over the last five minutes; at ${clock(last.x)} ${count(last[this.used])} used of ${count(last[this.limit])} usable`);
  }
}

class Outcomes {
  constructor(samples) {
    this.canvas = document.getElementById('captures-chart');
    this.samples = samples;
    const bar = { stack: 'all', barPercentage: 0.85, categoryPercentage: 1, data: [] };
    const chosen = options(Date.now());
    chosen.scales.x.stacked = chosen.scales.y.stacked = true;
    chosen.scales.x.offset = false;
    this.chart = new Chart(this.canvas, {
      type: 'bar',
      data: {
        datasets: [
          { ...bar, label: 'captured', backgroundColor: style('--blue') },
          { ...bar, label: 'missed', backgroundColor: style('--orange-pale'), borderColor: style('--orange'), borderWidth: 1.5 },
        ],
      },
      options: chosen,
    });
  }

  /** How many were decided in each stretch of time, from counters that only grow. */
  buckets(now) {
    const first = Math.floor((now - SHOWN_MS) / BUCKET_MS) + 1;
    const last = Math.floor(now / BUCKET_MS);
    const found = Array.from({ length: last - first + 1 }, (_, i) => ({ x: (first + i + 0.5) * BUCKET_MS, captured: 0, missed: 0 }));
    let before;
    for (const sample of this.samples()) {
      const bucket = found[Math.floor(sample.x / BUCKET_MS) - first];
      if (before && bucket) {
        bucket.captured += Math.max(0, sample.captured - before.captured);
        bucket.missed += Math.max(0, sample.missed - before.missed);
      }
      before = sample;
    }
    return found;
  }

  draw(now) {
    const buckets = this.buckets(now);
    const [captured, missed] = this.chart.data.datasets;
    captured.data = buckets.map(b => ({ x: b.x, y: b.captured }));
    missed.data = buckets.map(b => ({ x: b.x, y: b.missed }));
    const { x, y } = this.chart.options.scales;
    Object.assign(x, { min: now - SHOWN_MS, max: now });
    y.max = Math.max(4, ...buckets.map(b => (b.captured + b.missed) * 1.06));
    this.chart.update('none');
    const sum = name => buckets.reduce((total, b) => total + b[name], 0);
    this.canvas.setAttribute('aria-label',
      `Last five minutes: ${count(sum('captured'))} captured, ${count(sum('missed'))} missed`);
  }
}

const sampled = figures => ({
  x: figures.time_ms,
  weight: figures.current_weight, weightLimit: figures.weight_limit,
  orders: figures.current_orders, orderLimit: figures.order_limit,
  captured: figures.opportunities?.captured ?? figures.captured ?? 0,
  missed: figures.opportunities?.missed ?? figures.missed ?? 0,
  banned: figures.banned, mode: figures.burst_mode || figures.liquidation_mode,
});

export class Charts {
  constructor() {
    this.all = [];
    this.due = false;
    this.build();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.build());
  }

  /** Made anew when the colours change. */
  build() {
    const samples = () => this.all;
    this.charts?.forEach(({ chart }) => chart.destroy());
    this.charts = [
      new Use('weight-chart', 'Weight', 'weight', 'weightLimit', '--blue', samples),
      new Use('orders-chart', 'Orders', 'orders', 'orderLimit', '--green', samples),
      new Outcomes(samples),
    ];
    this.request();
  }

  /** Begins anew with the server's history. */
  restart(seconds) {
    this.all = seconds.map(sampled);
    this.request();
  }

  add(figures) {
    const sample = sampled(figures);
    const last = this.all.at(-1);
    if (last && sample.x <= last.x) return;
    if (last && sample.x - last.x > GAP_MS) {
      this.all.push({ ...last, x: last.x + 1, weight: NaN, orders: NaN, banned: false, mode: false });
    }
    this.all.push(sample);
    while (this.all[0].x < sample.x - SHOWN_MS - BUCKET_MS) this.all.shift();
    this.request();
  }

  request() {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      const now = this.all.at(-1)?.x ?? Date.now();
      for (const chart of this.charts) chart.draw(now);
    });
  }
}
