"""make_authenticated_request and place_order past a Weir limiter: drop-in replacements for those of a
bot that trades liquidations on Aster. The bot changes one import:

    from weir_requests import make_authenticated_request, place_order

Same names, parameters and return values. What differs: nothing is sent against the limiter's word;
requests that must wait do so in the limiter's queue, most urgent first, and are signed when they go;
place_order never stops the event loop, takes MARKET too, and returns the order's id where the former
one handed the order to a batch and returned None.

configure() says where and as whom; without it the environment does: BASE_URL, API_KEY, API_SECRET, and
WEIR_STATE, the file that remembers a ban across restarts.
"""

import asyncio
import atexit
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import ROUND_HALF_EVEN, Decimal

from weir_client import Client

PROTECT_WITHIN_S = 10.0  # protection counts as critical once it has waited that long
FILL_CHECKS, FILL_CHECK_S = 60, 1.0  # an entry that has not filled after a minute is cancelled
PROTECTIVE_TYPES = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")

_client, _lock, _tick_sizes = None, threading.Lock(), {}
_threads = ThreadPoolExecutor(max_workers=64, thread_name_prefix="weir")  # most calls of place_order at once


def configure(base_url=None, api_key=None, api_secret=None, *, state_file=None, **options):
    """Makes the client that all functions of this module share, and returns it. What is not given comes
    from the environment; `options` are those of weir_client.Client (limits, policy, settings, …)."""
    global _client
    with _lock:
        if _client:
            atexit.unregister(_client.close)
            _client.close()
        _client = Client(base_url or os.environ.get("BASE_URL", "https://fapi.asterdex.com"),
                         api_key or os.environ.get("API_KEY", ""), api_secret or os.environ.get("API_SECRET", ""),
                         state_file=state_file or os.environ.get("WEIR_STATE"), **options)
        atexit.register(_client.close)
        return _client


def client():
    """The shared client; made from the environment if configure() was never called."""
    return _client or configure()


def _is_protective(order):
    return order.get("type") in PROTECTIVE_TYPES or str(order.get("reduceOnly", "")).lower() == "true" or \
        str(order.get("closePosition", "")).lower() == "true"


def _usual_priority(method, path, parameters):
    """Entries are critical, what reads is low, everything else (protection, cancels) is normal."""
    orders = [parameters]
    if path.endswith("/batchOrders"):
        listed = parameters.get("batchOrders", "[]")
        orders = json.loads(listed) if isinstance(listed, str) else listed
    if method == "POST" and path.endswith(("/order", "/batchOrders")):
        return "normal" if all(_is_protective(order) for order in orders) else "critical"
    return "low" if method == "GET" else "normal"


def make_authenticated_request(method, url=None, data=None, params=None, priority=None, *, endpoint=None,
                               value=0.0, wait_s=None):
    """Sends a signed request when the limiter lets it go, and returns a response like that of `requests`.

    method: GET, POST, PUT or DELETE. url (or endpoint): whole, or a path below the configured base.
    data, params: parameters, either will do for any method. priority: "critical", "normal" or "low",
    also as the fourth argument; by default entries are critical, other orders and cancels normal,
    queries low. value: what an entry is worth (the square root of the opportunity's notional, say).
    wait_s: how long it may wait for its turn: 5, 60 and 20 s by priority.

    A request that the limiter refused was not sent: status_code 429 (418 in a ban) and `refused` with
    the reason. One without a reply has status_code 500 and may have been executed.
    """
    method, url = method.upper(), url or endpoint
    if method not in ("GET", "POST", "PUT", "DELETE"):
        raise ValueError(f"Unsupported method: {method}")
    if isinstance(params, str):
        params, priority = None, params
    parameters = {**(params or {}), **(data or {})}
    path = url.split("?")[0]
    priority = priority or _usual_priority(method, path, parameters)
    escalate_s = PROTECT_WITHIN_S if method == "POST" and priority == "normal" else None
    return client().request(method, url, parameters, priority=priority, value=value, wait_s=wait_s,
                            escalate_s=escalate_s)


async def _in_thread(function, *arguments, **named):
    """Waits for a call that may wait for its turn, without stopping the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_threads, lambda: function(*arguments, **named))


def _tick_size(symbol):
    """The price step of a symbol, or None. Asked once for all symbols."""
    if not _tick_sizes:
        answer = client().request("GET", "/fapi/v1/exchangeInfo", signed=False)
        for one in answer.json().get("symbols", []) if answer.ok else []:
            for rule in one.get("filters", []):
                if rule.get("filterType") == "PRICE_FILTER":
                    _tick_sizes[one["symbol"]] = Decimal(rule["tickSize"])
    return _tick_sizes.get(symbol)


def _price_text(symbol, price):
    tick, exact = _tick_size(symbol), Decimal(repr(float(price)))
    if tick:
        exact = (exact / tick).to_integral_value(ROUND_HALF_EVEN) * tick
    return f"{exact.normalize():f}"


def _limit_price(symbol, side, last_price, offset_pct):
    """Just inside the best of the own side, a fifth into a spread above 0.2 %; without an order book,
    the last price and the offset."""
    buys = side == "BUY"
    answer = client().request("GET", "/fapi/v1/depth", {"symbol": symbol, "limit": 20}, priority="critical",
                              signed=False, wait_s=1.0)
    book = answer.json() if answer.ok else {}
    if not book.get("bids") or not book.get("asks"):
        return last_price * (1 + (-offset_pct if buys else offset_pct) / 100)
    bid, ask = float(book["bids"][0][0]), float(book["asks"][0][0])
    best, toward = (bid, 1) if buys else (ask, -1)
    step = 0.2 * (ask - bid) if ask - bid > 0.002 * best else 0.0001 * best
    return best + toward * step


def _entry(symbol, side, qty, last_price, order_type, position_side, offset_pct):
    order = {"symbol": symbol, "side": side, "type": order_type, "quantity": str(qty),
             "positionSide": position_side, "newOrderRespType": "RESULT"}
    if order_type == "LIMIT":
        price = _limit_price(symbol, side, last_price, offset_pct)
        order |= {"timeInForce": "GTC", "price": _price_text(symbol, price)}
    return order


def _protection(symbol, entry_side, qty, position_side, fill_price, symbol_config):
    """The orders that protect a position: take-profit and stop-loss, as far as they are enabled."""
    long = position_side == "LONG" or (position_side == "BOTH" and entry_side == "BUY")
    orders = []
    for kind, name, default_pct, up in (("TAKE_PROFIT_MARKET", "take_profit", 2.0, long),
                                        ("STOP_MARKET", "stop_loss", 1.0, not long)):
        if symbol_config.get(f"{name}_enabled", False):
            pct = symbol_config.get(f"{name}_pct", default_pct)
            orders.append({
                "symbol": symbol, "side": "SELL" if long else "BUY", "type": kind, "quantity": str(qty),
                "stopPrice": _price_text(symbol, fill_price * (1 + (pct if up else -pct) / 100)),
                "positionSide": position_side,
                "workingType": symbol_config.get("working_type", "CONTRACT_PRICE"),
                "priceProtect": str(symbol_config.get("price_protect", False)).lower()})
            if position_side == "BOTH":  # in hedge mode the exchange does not take it
                orders[-1]["reduceOnly"] = "true"
    return orders


def _send_protection(orders):
    if len(orders) > 1:
        return make_authenticated_request("POST", "/fapi/v1/batchOrders", {"batchOrders": json.dumps(orders)})
    return make_authenticated_request("POST", "/fapi/v1/order", orders[0])


async def _protect_when_filled(order, placed, fallback_price, symbol_config):
    """Places protection once the entry has filled; cancels an entry that does not fill in time."""
    symbol, named = order["symbol"], {"symbol": order["symbol"], "orderId": placed["orderId"]}
    for _ in range(FILL_CHECKS):
        if placed.get("status") == "FILLED":
            price = float(placed.get("avgPrice") or 0) or fallback_price
            orders = _protection(symbol, order["side"], order["quantity"], order["positionSide"], price,
                                 symbol_config)
            return await _in_thread(_send_protection, orders) if orders else None
        if placed.get("status") in ("CANCELED", "REJECTED", "EXPIRED"):
            return None
        await asyncio.sleep(FILL_CHECK_S)
        answer = await _in_thread(make_authenticated_request, "GET", "/fapi/v1/order", named)
        placed = answer.json() if answer.ok else placed
    return await _in_thread(make_authenticated_request, "DELETE", "/fapi/v1/order", named)


_watches = set()  # the event loop keeps no strong reference to a task


async def place_order(symbol, side, qty, last_price, order_type="LIMIT", position_side="BOTH", offset_pct=0.1,
                      symbol_config=None, use_batching=True, priority="critical", *, value=0.0):
    """Places an entry, and its protection once it has filled. Returns the order's id as text, or None if
    it was not placed.

    A LIMIT entry is priced from the order book; MARKET is taken too. symbol_config: take_profit_enabled,
    take_profit_pct, stop_loss_enabled, stop_loss_pct, working_type, price_protect. use_batching is
    accepted and ignored: a batch of one costs five times as much as an order.
    """
    if order_type not in ("LIMIT", "MARKET"):
        raise ValueError(f"order_type is {order_type!r}; it must be LIMIT or MARKET")
    order = await _in_thread(_entry, symbol, side, qty, last_price, order_type, position_side, offset_pct)
    answer = await _in_thread(make_authenticated_request, "POST", "/fapi/v1/order", order, priority=priority,
                              value=value)
    if answer.status_code != 200:
        return None
    placed = answer.json()
    if symbol_config:
        watch = asyncio.ensure_future(_protect_when_filled(order, placed, last_price, symbol_config))
        _watches.add(watch)
        watch.add_done_callback(_watches.discard)
    return str(placed.get("orderId", "unknown"))


async def protected():
    """Waits until every entry of place_order is protected, cancelled or given up."""
    while _watches:
        await asyncio.gather(*_watches, return_exceptions=True)


def get_stats():
    """Statistics under the names that the bot's dashboard reads; client().limiter.stats() has more."""
    told = client().limiter.stats()
    totals, limits = told["totals"], told["limits"]
    weight = [one for one in limits if one["type"] == "weight"]
    orders = [one for one in limits if one["type"] == "orders"]
    return {
        "current_usage_pct": max((one["usable_pct"] for one in weight), default=0.0),
        "peak_usage_pct": max((one["peak_pct"] for one in weight), default=0.0),
        "current_weight": max((one["used"] for one in weight), default=0),
        "weight_limit": min((one["usable"]["critical"] for one in weight), default=0),
        "current_orders": max((one["used"] for one in orders), default=0),
        "order_limit": min((one["usable"]["critical"] for one in orders), default=0),
        "burst_mode": told["mode"] == "burst", "liquidation_mode": told["mode"] == "liquidation",
        "banned": told["ban_until_ns"] > told["now_ns"], "throttle_factor": told["throttle"],
        "queue_sizes": told["queued"], "recent_requests": totals["recent_sent"],
        "consecutive_429s": totals["consecutive_429"], "requests_sent": totals["sent"],
        "requests_queued": totals["queued"],
        "requests_dropped": sum(totals["dropped"].values()) + sum(totals["refused"].values()),
        "weight_used": totals["sent_weight"], "429_received": totals["http_429"], "throttle_delays": 0,
        "burst_mode_activations": told["burst_count"],
        "liquidation_mode_activations": told["liquidation_count"],
    }


def add_monitor_callback(callback):
    """callback(event_type, data): "burst_mode" and "liquidation_mode" {enabled, duration}, "request"
    {weight, endpoint} for heavy ones, "queue" {priority, size} when one builds up; every other event
    of the limiter ("ban", "hold", "429", …) under its own name with its fields."""
    def tell(event):
        if event.what == "mode":
            for mode in ("burst", "liquidation"):
                enabled = event.value == mode
                callback(f"{mode}_mode", {"enabled": enabled, "duration":
                                          (event.until_ns - event.time_ns) / 1e9 if enabled else 0})
        elif event.what == "heavy":
            callback("request", {"weight": int(event.number), "endpoint": event.value})
        elif event.what == "queue-buildup":
            callback("queue", {"priority": event.value, "size": int(event.number)})
        else:
            callback(event.what, event._asdict())
    client().limiter.subscribe(tell)
