"""Runs a limiter class that somebody wrote for a live bot, as it is, in simulated time.

    --policy cmd:'python3 guide_class.py FILE'

FILE is a Python module, or a Markdown page whose Python blocks hold one. The class is the one that
has can_make_request, can_place_order, record_request, record_order, parse_headers and
handle_http_response. What such code takes from the machine is replaced: time.time, time.sleep (it
becomes a hold), locks (by ones that the same thread may take twice), its monitor thread (called once
a simulated second). Lines that keep the file from loading are left out, and said so.
"""
import json
import logging
import re
import sys
import threading
import time
import types


class Clock(types.ModuleType):
    """Stands in for the module time."""

    now = 0.0
    slept = 0.0

    def time(self):
        return self.now + self.slept

    monotonic = perf_counter = time

    def sleep(self, seconds):
        self.slept += seconds


clock = Clock("time")


def read_source(path):
    text = open(path, encoding="utf-8").read()
    if not path.endswith(".md"):
        return text
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.S | re.M)
    wanted = [b for b in blocks if "def can_make_request" in b or "def get_endpoint_weight" in b]
    return "\n".join(wanted)


def compile_what_can_be(text, path):
    lines = ["" if re.match(r"from \.", line) else line for line in text.split("\n")]
    while True:
        try:
            return compile("\n".join(lines), path, "exec")
        except SyntaxError as error:
            broken = lines[error.lineno - 1]
            if broken.strip() == "pass":
                raise
            print(f"{path}: left out, does not load: {broken.strip()}", file=sys.stderr)
            lines[error.lineno - 1] = re.match(r"\s*", broken).group() + "pass"


def load_class(path):
    threading.Lock = threading.RLock
    sys.modules["time"] = clock
    space = {"__name__": "limiter", "logger": logging.getLogger("limiter")}
    exec(compile_what_can_be(read_source(path), path), space)
    sys.modules["time"] = time
    found = [c for c in space.values() if isinstance(c, type) and hasattr(c, "can_make_request")]
    found[0].burst_mode = found[0].liquidation_mode = False  # read before they are set
    return found[0]


class Adapter:
    def __init__(self, limiter_class, hello):
        self.origin_s = hello["origin_s"]
        self.settle_until(hello["now_ns"])
        self.limiter = limiter_class(enable_monitoring=False)
        self.paths = {}

    def settle_until(self, now_ns):
        clock.now, clock.slept = self.origin_s + now_ns / 1e9, 0.0
        self.second = getattr(self, "second", int(clock.now))

    def run_monitor(self, now_ns):
        self.settle_until(now_ns)
        while self.second < int(clock.now):
            self.second += 1
            self.limiter.check_mode_expiration()
            self.limiter.detect_high_traffic()

    def submit(self, call):
        self.run_monitor(call["now_ns"])
        params = {k: call[k] for k in ("limit",) if k in call}
        if call.get("has_symbol"):
            params["symbol"] = "ANY"
        may, wait_s = self.limiter.can_make_request(call["path"], call["method"], params,
                                                    call["priority"])
        if may and call["orders"]:
            may, wait_s = self.limiter.can_place_order(call["priority"])
        if not may:
            until_ns = call["now_ns"] + max(1, int((wait_s or 1.0) * 1e9))
            return {"answer": "hold", "until_ns": until_ns, "reason": "weight"}
        self.limiter.record_request(call["path"], call["method"], params)
        if call["orders"]:
            self.limiter.record_order()
        self.paths[call["id"]] = call["path"]
        return {"answer": "send"}

    def settle(self, call):
        self.run_monitor(call["now_ns"])
        path = self.paths.pop(call["id"])
        if call.get("lost"):
            return {}
        self.limiter.parse_headers(call["headers"])
        self.limiter.handle_http_response(call["status"], path)
        if clock.slept == 0.0:
            return {}
        return {"hold_until_ns": call["now_ns"] + int(clock.slept * 1e9)}


def main():
    logging.disable(logging.CRITICAL)
    limiter_class = load_class(sys.argv[1])
    adapter = None
    for line in sys.stdin:
        call = json.loads(line)
        if call["call"] == "hello":
            adapter, answer = Adapter(limiter_class, call), {"protocol": 1}
        else:
            answer = getattr(adapter, call["call"])(call)
        print(json.dumps(answer), flush=True)


main()
