"""The mock exchange for tests of real bots: `weir serve` on a port of its own."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request

WEIR = os.environ["WEIR_COMMAND"]
KEY, SECRET = "key-of-the-test", "secret-of-the-test"


class Exchange:
    """with Exchange(weight=100, orders=60) as exchange: …"""

    def __init__(self, weight=2400, orders=1200, **settings):
        settings |= {"weight_per_minute": weight, "orders_per_minute": orders}
        arguments = [WEIR, "serve", "--port", "0", "--api-key", KEY, "--api-secret", SECRET]
        for key, value in settings.items():
            arguments += ["--set", f"exchange.{key}={value}"]
        self._process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = json.loads(self._process.stdout.readline())["listening"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(10)
        self._process.stdout.close()

    def get(self, path):
        """An unsigned request of somebody else on the same IP: (status, document)."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as answer:
            return answer.code, json.load(answer)

    def state(self):
        """The exchange's own counts; asking costs nothing."""
        return self.get("/weir/state")[1]

    def weight(self):
        return self.state()["ips"][0]["used_weight_1m"]

    def orders(self):
        return self.state()["accounts"][0]["used_orders_1m"]

    def ban(self):
        """Somebody else on the IP goes on until it is banned."""
        while self.get("/fapi/v1/ping")[0] != 418:
            pass


LAST_SECONDS = 2  # of a minute, in which who knows the exchange's clock by the second may count for the next


def within_a_minute(scenario):
    """Runs scenario() so that it begins and ends in the same minute of the exchange, well before its end, and
    returns what it returns: counts of a window can only be compared within one."""
    while True:
        minute = time.time() // 60
        result = scenario()
        if (time.time() + LAST_SECONDS) // 60 == minute:
            return result


def begin_early(needed_s=5):
    """Waits for the next minute of the exchange if less than that is left of this one."""
    left_s = 60 - time.time() % 60
    if left_s < needed_s:
        time.sleep(left_s + 0.1)


def frames(count):
    """Liquidations as the stream sends them, ever larger, all at once."""
    return "".join(json.dumps({"stream": "!forceOrder@arr", "data": {"e": "forceOrder", "o": {
        "s": "BTCUSDT", "S": "SELL" if i % 2 else "BUY", "q": f"{1 + i / 10:.3f}", "p": "60000.0"}}}) + "\n"
        for i in range(count))
