/* The throttler of ccxt (https://github.com/ccxt/ccxt, MIT), as it is installed, in simulated time:
 *
 *     npm install ccxt
 *     --policy cmd:'node ccxt_throttle.js'
 *
 * ccxt has one queue without priorities and sends the next request when its bucket is not in debt.
 * It takes the clock and timers from the machine; both are replaced before it is loaded. Its cost of
 * a request is the documented weight, its rate the weight limit of the exchange. */
'use strict';
const readline = require('node:readline');

let nowMs = 0;
const timers = []; // {atMs, call}, in the order in which they were set
const realSetImmediate = setImmediate;
Date.now = () => nowMs;
globalThis.setTimeout = (call, ms) => { timers.push({ atMs: nowMs + ms, call }); return timers.length; };
globalThis.clearTimeout = () => {};

const ccxt = require('ccxt');
const ASK_AGAIN_NS = 10e6; // ccxt looks every millisecond; asking that often would only cost time

const promisesSettle = () => new Promise((resolve) => realSetImmediate(resolve));

/** Lets simulated time pass: timers go off in order, and what they set off happens. */
async function passTo(untilMs) {
    await promisesSettle();
    for (;;) {
        let first = null;
        for (const timer of timers) {
            first = timer.atMs <= untilMs && (first === null || timer.atMs < first.atMs) ? timer : first;
        }
        if (first === null) {
            nowMs = untilMs;
            return;
        }
        nowMs = Math.max(nowMs, first.atMs);
        timers.splice(timers.indexOf(first), 1);
        first.call();
        await promisesSettle();
    }
}

const ready = []; // ids that the throttler has let go
let throttler = null;

const answers = {
    hello(call) {
        const perMs = Math.min(...call.limits.filter((l) => l.type === 'weight').map((l) => l.limit / (l.interval_ns / 1e6)));
        throttler = new ccxt.Exchange({ tokenBucket: { refillRate: perMs, capacity: 1, delay: 0.001 } }).throttler;
        return { protocol: 1, queues: true, settle_later: true };
    },
    submit(call) {
        throttler.throttle(call.weight).then(() => ready.push(call.id));
        return { answer: 'queue', reason: 'pace' };
    },
    next(call) {
        if (ready.length > 0 && call.free > 0) {
            return { send: ready.shift() };
        }
        return ready.length > 0 ? { reason: 'connection' } : { ask_again_ns: call.now_ns + ASK_AGAIN_NS, reason: 'pace' };
    },
    notes: () => ({}),
};

async function main() {
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const call = JSON.parse(line);
        await passTo(call.now_ns / 1e6);
        process.stdout.write(JSON.stringify(answers[call.call](call)) + '\n');
    }
}
main();
