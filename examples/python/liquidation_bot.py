"""A bot in Python that trades against liquidations, within the exchange's limits.

Reads frames of !forceOrder@arr, one a line, from standard input or a file, as any WebSocket client
prints them. Where and as whom: BASE_URL, API_KEY, API_SECRET; WEIR_STATE remembers a ban.

    websocat wss://fstream.asterdex.com/ws/!forceOrder@arr | python3 liquidation_bot.py
"""

import argparse
import asyncio
import json
import math
import sys

import weir_requests
from weir_dashboard import Attachment

ENTRY_USD = 200.0
PROTECTION = {"take_profit_enabled": True, "take_profit_pct": 1.0, "stop_loss_enabled": True,
              "stop_loss_pct": 2.0}


_shown = None  # the dashboard, if there is one


async def trade(order):
    """An entry against one liquidation: who is forced to sell is bought from."""
    price, quantity = float(order["p"]), float(order["q"])
    side = "BUY" if order["S"] == "SELL" else "SELL"
    placed = await weir_requests.place_order(
        order["s"], side, round(ENTRY_USD / price, 3), price, "MARKET", symbol_config=PROTECTION,
        value=math.sqrt(price * quantity))
    print(f"{order['s']} {side}: {'order ' + placed if placed else 'not placed'}", flush=True)
    if _shown:
        _shown.outcome(placed is not None, order["s"], order["S"], price * quantity)


async def follow(lines):
    """Starts a trade for each liquidation; reading goes on while trades wait for their turn."""
    trades = []
    while line := await asyncio.to_thread(lines.readline):
        frame = json.loads(line)
        order = frame.get("data", frame).get("o")
        if order:
            weir_requests.client().limiter.observe(
                hash(order["s"]) & 0xFFFFFFFF, order["S"] == "SELL", float(order["p"]),
                float(order["p"]) * float(order["q"]))
            trades.append(asyncio.ensure_future(trade(order)))
    await asyncio.gather(*trades)
    await weir_requests.protected()


def main():
    global _shown
    options = argparse.ArgumentParser(description="Trades against the liquidations of a feed.")
    options.add_argument("feed", nargs="?", help="file of frames, one a line (default: standard input)")
    options.add_argument("--weight", type=int, default=2400, help="weight that the IP may use in a minute")
    options.add_argument("--orders", type=int, default=1200, help="orders that the account may place in a minute")
    options.add_argument("--dashboard", metavar="URL", help="address of a `weir serve` that shows the limiter")
    given = options.parse_args()
    client = weir_requests.configure(limits={("weight", 60): given.weight, ("orders", 60): given.orders})
    if given.dashboard:
        _shown = Attachment(given.dashboard, client.limiter, weir_requests.get_stats, "liquidation_bot.py")
    weir_requests.add_monitor_callback(lambda what, data: print(f"limiter: {what} {data}", flush=True))
    with open(given.feed, encoding="utf-8") if given.feed else sys.stdin as lines:
        asyncio.run(follow(lines))
    stats = weir_requests.get_stats()
    print(json.dumps(stats), flush=True)


if __name__ == "__main__":
    main()
