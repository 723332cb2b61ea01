// Real clients against `weir serve`: ccxt, the official connector, and the one that most bots use.
// Runs those that are in the folder WEIR_NODE_MODULES; 77 (skipped) if there are none.
//
// usage: WEIR_NODE_MODULES=…/node_modules WEIR_COMMAND=…/weir node test_npm_clients.mjs
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const modules = process.env.WEIR_NODE_MODULES ?? '';
const require = createRequire(`${modules}/`);
const SYMBOL = 'BTCUSDT';

async function serve(...more) {
  const args = ['serve', '--port', '0', '--api-key', 'me', '--api-secret', 'secret', ...more];
  const child = spawn(process.env.WEIR_COMMAND, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, base: JSON.parse(line).listening };
}

async function ccxt(base) {
  const library = require('ccxt');
  const exchange = new library.binanceusdm({ apiKey: 'me', secret: 'secret' });
  for (const key of Object.keys(exchange.urls.api).filter((k) => k.startsWith('fapi'))) {
    exchange.urls.api[key] = exchange.urls.api[key].replace(/^https:\/\/[^/]+/, base);
  }
  exchange.options.fetchCurrencies = false;
  exchange.enableRateLimit = false;
  const symbol = 'BTC/USDT:USDT';
  assert.ok(Object.keys(await exchange.loadMarkets()).length > 5);
  await exchange.setLeverage(5, symbol);
  const taken = await exchange.createOrder(symbol, 'market', 'buy', 0.01);
  assert.equal(taken.status, 'closed');
  const waiting = await exchange.createOrder(symbol, 'limit', 'buy', 0.01, 40000);
  assert.equal((await exchange.fetchOpenOrders(symbol)).length, 1);
  assert.equal((await exchange.cancelOrder(waiting.id, symbol)).status, 'canceled');
  assert.equal((await exchange.fetchPositions([symbol]))[0].contracts, 0.01);
  assert.ok((await exchange.fetchBalance()).USDT.total > 999000);
  await assert.rejects(exchange.fapiPublicGetDepth({ symbol: 'NONE' }), library.BadSymbol);
  return { library, exchange };
}

/** What ccxt makes of 429 and 418. */
async function limited() {
  const server = await serve('--set', 'exchange.weight_per_minute=100', '--set',
    'exchange.ban_after_429s=3');
  try {
    const { library, exchange } = await ccxt(server.base);
    const seen = new Set();
    for (let i = 0; i < 110; i++) {
      try {
        await exchange.fapiPublicGetPing();
      } catch (error) {
        seen.add(error.constructor);
        assert.ok(error instanceof library.NetworkError, error.message);
      }
    }
    assert.ok(seen.has(library.DDoSProtection) || seen.has(library.RateLimitExceeded));
  } finally {
    server.child.kill();
  }
}

async function binance(base) {
  const { USDMClient } = require('binance');
  const client = new USDMClient({ api_key: 'me', api_secret: 'secret', baseUrl: base });
  assert.ok((await client.getExchangeInfo()).symbols.length > 5);
  await client.submitNewOrder({ symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC',
    quantity: 0.01, price: 40000 });
  assert.equal((await client.getAllOpenOrders({ symbol: SYMBOL })).length, 1);
  await client.cancelAllOpenOrders({ symbol: SYMBOL });
  assert.equal((await client.getAllOpenOrders({ symbol: SYMBOL })).length, 0);
  assert.ok((await client.getPositions()).length > 5);
}

/** The official connector, with a stream of user data beside it. */
async function official(base) {
  const { DerivativesTradingUsdsFutures } = require('@binance/derivatives-trading-usds-futures');
  const { restAPI } = new DerivativesTradingUsdsFutures({ configurationRestAPI: {
    apiKey: 'me', apiSecret: 'secret', basePath: base, retries: 0 } });
  const ask = async (answer) => (await answer).data();
  assert.ok((await ask(restAPI.exchangeInformation())).symbols.length > 5);
  const { listenKey } = await ask(restAPI.startUserDataStream());
  const WebSocket = require('ws');
  const stream = new WebSocket(`${base.replace('http', 'ws')}/ws/${listenKey}`);
  await once(stream, 'open');
  const told = once(stream, 'message');
  await ask(restAPI.newOrder({ symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: 0.01 }));
  assert.equal(JSON.parse((await told)[0]).e, 'ORDER_TRADE_UPDATE');
  stream.close();
}

const clients = [['ccxt', ccxt], ['binance', binance],
  ['@binance/derivatives-trading-usds-futures', official]]
  .filter(([name]) => modules && existsSync(`${modules}/${name}`));
if (clients.length === 0) {
  console.log('skipped: WEIR_NODE_MODULES names no folder with one of the clients');
  process.exit(77);
}
for (const [name, run] of clients) {
  const server = await serve();
  try {
    await run(server.base);
    console.log(`${name}: fine`);
  } finally {
    server.child.kill();
  }
}
if (clients[0][0] === 'ccxt') {
  await limited();
  console.log('ccxt, 429 and 418: fine');
}
