"""The limiter in Python, and the drop-in functions of the example, against the exchange over HTTP."""

import asyncio
import http.server
import inspect
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SOURCES = os.environ["WEIR_PYTHON_EXAMPLE"]
sys.path.insert(0, SOURCES)

import weir_limiter  # noqa: E402
import weir_requests  # noqa: E402
from exchange import KEY, SECRET, Exchange, begin_early, frames, within_a_minute  # noqa: E402
from weir_limiter import Limiter, WeirError  # noqa: E402

LIMITS = {("weight", 60): 2400, ("orders", 60): 1200}


def in_threads(count, work):
    threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def configured(exchange, **options):
    weir_requests._tick_sizes.clear()
    return weir_requests.configure(exchange.url, KEY, SECRET, **options)


class SlowExchange:
    """Takes every order, after a while, one at a time."""

    def __init__(self, delay_s):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(delay_s)
                self.server.taken += 1
                answer = json.dumps({"orderId": self.server.taken}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self._server.taken = 0
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        weir_requests.client().close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Layout(unittest.TestCase):
    def test_every_structure_is_known_to_both(self):
        library = weir_limiter.load()
        own, theirs = weir_limiter._own_layout(), weir_limiter._library_layout(library)
        self.assertEqual(own, {key: theirs[key] for key in own})
        self.assertEqual(set(theirs) - set(own), {("weir_cost", None), ("weir_cost", "weight"), ("weir_cost", "orders")})

    def test_another_layout_is_refused(self):
        with open(os.path.join(SOURCES, "weir_limiter.py"), encoding="utf-8") as file:
            source = file.read()
        for right, wrong in (('("until_ns", c.c_int64), ("memo"', '("until_ns", c.c_int32), ("memo"'),
                             ('("text", c.c_char * 256)', '("text", c.c_char * 128)'),
                             ('"backoff", "banned"', '"banned", "backoff"')):
            self.assertIn(right, source)
            other = {"__name__": "other"}
            exec(compile(source.replace(right, wrong), "other", "exec"), other)  # pylint: disable=exec-used
            with self.assertRaisesRegex(Exception, "does not fit"):
                other["load"]()

    def test_a_missing_library_is_named(self):
        with self.assertRaisesRegex(WeirError, "/no/libweir.so"):
            weir_limiter.load("/no/libweir.so")
        with self.assertRaisesRegex(WeirError, "WEIR_LIBRARY"):
            weir_limiter.load("libc.so.6")


class Binding(unittest.TestCase):
    def test_errors_are_exceptions(self):
        for make, words in ((lambda: Limiter({}), "limits"), (lambda: Limiter(LIMITS, "nonsense"), "policy"),
                            (lambda: Limiter(LIMITS, settings={"normal.bufer": 0.1}), "normal.buffer")):
            with self.assertRaisesRegex(WeirError, words):
                make()
        limiter = Limiter(LIMITS)
        order = limiter.endpoint("POST", "/fapi/v1/order")
        self.assertEqual(limiter.submit(1, order).action, "send")
        with self.assertRaisesRegex(WeirError, "duplicate"):
            limiter.submit(1, order)
        with self.assertRaisesRegex(WeirError, "no such request"):
            limiter.lose(2, 0)
        self.assertFalse(limiter.cancel(2))

    def test_events_stats_and_state(self):
        limiter, seen = Limiter(LIMITS), []
        limiter.subscribe(seen.append)
        self.assertEqual(limiter.submit(1, limiter.endpoint("GET", "/fapi/v1/openOrders")).weight, 40)
        now = time.monotonic_ns()
        limiter.settle(1, 418, [("Retry-After", "600")], b"{}", now, now)
        self.assertEqual([event.what for event in seen], ["heavy", "418", "ban"])
        self.assertEqual(limiter.submit(2, limiter.endpoint("GET", "/fapi/v1/ping"), may_queue=False).reason, "banned")
        stats = limiter.stats()
        self.assertEqual((stats["totals"]["sent_weight"], stats["bans"]), (40, 1))
        self.assertEqual([one["type"] for one in stats["limits"]], ["weight", "orders"])
        other = Limiter(LIMITS)
        other.restore(limiter.save(), 60.0)
        left_s = (other.stats()["ban_until_ns"] - time.monotonic_ns()) / 1e9
        self.assertTrue(530 < left_s <= 540, left_s)
        with self.assertRaises(WeirError):
            other.restore(b"nonsense", 0)


class DropIn(unittest.TestCase):
    def test_many_threads_reach_the_limit_and_never_break_it(self):
        def scenario():
            with Exchange(weight=150, orders=60) as exchange:
                client = configured(exchange, limits={("weight", 60): 150, ("orders", 60): 60})
                answers = []

                def work(thread):
                    for i in range(10):
                        path, data = (("/fapi/v1/order", {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET",
                                                          "quantity": "0.01"})
                                      if (thread + i) % 2 else ("/fapi/v1/leverage", {"symbol": "BTCUSDT", "leverage": 5}))
                        answers.append(weir_requests.make_authenticated_request(
                            "POST", exchange.url + path, data, wait_s=1.0))

                in_threads(20, work)
                return answers, client.limiter.stats(), weir_requests.get_stats(), exchange.state()
        answers, stats, plain, state = within_a_minute(scenario)
        self.assertEqual(state["answered_429"] + state["answered_418"], 0)
        self.assertEqual({(a.status_code, a.refused is None) for a in answers}, {(200, True), (429, False)})
        self.assertLessEqual({a.refused for a in answers}, {None, "weight", "orders", "deadline"})
        self.assertEqual(sum(a.refused is None for a in answers), state["requests"])
        self.assertEqual(stats["open"], 0)
        used = {one["type"]: one["used"] for one in stats["limits"]}
        self.assertEqual(used["weight"], state["ips"][0]["used_weight_1m"])
        self.assertEqual(used["orders"], state["accounts"][0]["used_orders_1m"])
        self.assertGreater(used["orders"], 50)
        self.assertEqual(plain["current_orders"], used["orders"])
        self.assertEqual(plain["requests_sent"], state["requests"])

    def test_what_is_held_goes_in_the_next_window(self):
        with Exchange(orders_per_10s=5) as exchange:
            configured(exchange, limits=LIMITS | {("orders", 10): 5})
            answers = []
            order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
            in_threads(8, lambda _: answers.append(weir_requests.make_authenticated_request(
                "POST", exchange.url + "/fapi/v1/order", order, wait_s=15.0)))
            self.assertEqual([a.status_code for a in answers], [200] * 8)
            self.assertEqual(exchange.state()["answered_429"], 0)

    def test_both_ways_of_calling(self):
        begin_early()
        with Exchange() as exchange:
            configured(exchange)
            call, url = weir_requests.make_authenticated_request, exchange.url
            positions = call("GET", f"{url}/fapi/v2/positionRisk")
            self.assertEqual(positions.status_code, 200)
            self.assertIsInstance(positions.json(), list)
            self.assertEqual(exchange.weight(), 5)
            # a query's parameters count, whichever argument they come in: 1, not 40
            self.assertTrue(call("GET", f"{url}/fapi/v1/openOrders", {"symbol": "BTCUSDT"}).ok)
            self.assertTrue(call("GET", f"{url}/fapi/v1/openOrders", params={"symbol": "BTCUSDT"}).ok)
            self.assertTrue(call("GET", f"{url}/fapi/v1/openOrders?symbol=BTCUSDT").ok)
            self.assertEqual(exchange.weight(), 8)
            self.assertTrue(call("post", endpoint=f"{url}/fapi/v1/leverage",
                                 data={"symbol": "BTCUSDT", "leverage": 5}, priority="normal").ok)
            self.assertEqual(call("DELETE", f"{url}/fapi/v1/order", {"symbol": "BTCUSDT", "orderId": 1}).status_code, 400)
            self.assertTrue(call("GET", f"{url}/fapi/v1/depth", {"symbol": "BTCUSDT", "limit": 20}, "critical").ok)
            self.assertEqual(weir_requests.get_stats()["current_weight"], exchange.weight())
            with self.assertRaises(ValueError):
                call("PATCH", url)

    def test_place_order_protects_and_keeps_its_parameters(self):
        self.assertEqual(list(inspect.signature(weir_requests.place_order).parameters)[:10], [
            "symbol", "side", "qty", "last_price", "order_type", "position_side", "offset_pct", "symbol_config",
            "use_batching", "priority"])
        config = {"take_profit_enabled": True, "take_profit_pct": 1, "stop_loss_enabled": True, "stop_loss_pct": 2}

        async def trade():
            placed = await weir_requests.place_order("BTCUSDT", "BUY", 0.01, 60000.0, "MARKET", symbol_config=config)
            await weir_requests.protected()
            resting = await weir_requests.place_order("BTCUSDT", "BUY", 0.01, 60000.0)
            with self.assertRaises(ValueError):
                await weir_requests.place_order("BTCUSDT", "BUY", 0.01, 60000.0, "STOP")
            return placed, resting

        begin_early()
        with Exchange() as exchange:
            configured(exchange)
            placed, resting = asyncio.run(trade())
            self.assertIsInstance(placed, str)
            self.assertIsInstance(resting, str)
            listed = weir_requests.make_authenticated_request("GET", f"{exchange.url}/fapi/v1/openOrders",
                                                              {"symbol": "BTCUSDT"}).json()
            kinds = sorted((order["type"], order["side"]) for order in listed if str(order["orderId"]) != resting)
            self.assertEqual(kinds, [("STOP_MARKET", "SELL"), ("TAKE_PROFIT_MARKET", "SELL")])
            self.assertEqual(exchange.orders(), 4)

    def test_the_event_loop_goes_on_while_orders_wait(self):
        async def trade():
            ticks = 0

            async def tick():
                nonlocal ticks
                while True:
                    await asyncio.sleep(0.02)
                    ticks += 1
            ticking = asyncio.ensure_future(tick())
            order = ("BTCUSDT", "BUY", 0.01, 60000.0, "MARKET")
            placed = await asyncio.gather(*[weir_requests.place_order(*order) for _ in range(3)])
            ticking.cancel()
            return ticks, placed

        with SlowExchange(0.2) as exchange:  # and one connection: two of three wait for their turn
            configured(exchange, connections=1)
            ticks, placed = asyncio.run(trade())
            self.assertEqual(sorted(placed), ["1", "2", "3"])
            self.assertGreater(ticks, 10)

    def test_a_lost_request_is_settled_and_said(self):
        with Exchange() as exchange:
            client = configured(exchange)
        answer = weir_requests.make_authenticated_request("GET", f"{exchange.url}/fapi/v2/positionRisk")
        self.assertEqual((answer.status_code, answer.refused), (500, None))
        self.assertIn("may have been executed", answer.text)
        self.assertEqual((client.limiter.stats()["open"], client.limiter.stats()["totals"]["lost"]), (0, 1))

    def test_events_have_the_names_of_the_bot(self):
        with Exchange() as exchange:
            configured(exchange, settings={"mode": "auto"})
            seen = []
            weir_requests.add_monitor_callback(lambda what, data: seen.append((what, data)))
            weir_requests.make_authenticated_request("GET", f"{exchange.url}/fapi/v1/openOrders")
            limiter = weir_requests.client().limiter
            limiter.observe(1, True, 100.0, 2e6)
            limiter.observe(1, True, 97.0, 2e6)
            limiter.submit(10**6, limiter.endpoint("GET", "/fapi/v1/ping"))
        self.assertEqual(seen[0], ("request", {"weight": 40, "endpoint": "/fapi/v1/openOrders"}))
        self.assertTrue(any(what == "liquidation_mode" and data["enabled"] and data["duration"] > 200
                            for what, data in seen), seen)
        self.assertTrue(weir_requests.get_stats()["liquidation_mode"])


class Bot(unittest.TestCase):
    def run_bot(self, exchange, feed, state):
        environment = os.environ | {"BASE_URL": exchange.url, "API_KEY": KEY, "API_SECRET": SECRET, "WEIR_STATE": state}
        answer = subprocess.run([sys.executable, os.path.join(SOURCES, "liquidation_bot.py"), "--weight", "60"],
                                input=feed, capture_output=True, text=True, env=environment, timeout=60, check=False)
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        return answer.stdout, json.loads(answer.stdout.splitlines()[-1])

    def test_captures_and_is_silent_in_a_ban_and_after_a_restart(self):
        begin_early()
        with tempfile.TemporaryDirectory() as folder, Exchange(weight=60, ban_after_429s=1) as exchange:
            state = os.path.join(folder, "state")
            out, stats = self.run_bot(exchange, frames(3), state)
            self.assertEqual(out.count("order "), 3, out)
            self.assertEqual((stats["429_received"], stats["requests_sent"] > 5), (0, True))
            exchange.ban()
            before = exchange.state()["requests"]
            out, stats = self.run_bot(exchange, frames(12), state)
            self.assertEqual(out.count("not placed"), 12, out)
            self.assertTrue(stats["banned"])
            told = exchange.state()["requests"]
            self.assertLessEqual(told - before, 8)  # what was on the wire before the first 418 came
            out, stats = self.run_bot(exchange, frames(12), state)
            self.assertEqual((exchange.state()["requests"], stats["requests_sent"]), (told, 0))
            self.assertTrue(stats["banned"])

    def test_a_ban_is_written_down_before_anything_else(self):
        with tempfile.TemporaryDirectory() as folder, Exchange(weight=20, ban_after_429s=1) as exchange:
            state = os.path.join(folder, "state")
            exchange.ban()
            environment = os.environ | {"BASE_URL": exchange.url, "API_KEY": KEY, "API_SECRET": SECRET, "WEIR_STATE": state}
            with subprocess.Popen([sys.executable, os.path.join(SOURCES, "liquidation_bot.py")], text=True,
                                  env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bot:
                bot.stdin.write(frames(1))
                bot.stdin.flush()
                while "limiter: ban" not in bot.stdout.readline():
                    pass
                bot.kill()
            told = exchange.state()["requests"]
            _, stats = self.run_bot(exchange, frames(3), state)
            self.assertEqual((exchange.state()["requests"], stats["banned"]), (told, True))


if __name__ == "__main__":
    unittest.main()
