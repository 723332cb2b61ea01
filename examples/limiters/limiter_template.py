"""A limiter for weir, to start from: --policy cmd:'python3 limiter_template.py'"""
import json
import sys

MINUTE_NS = 60_000_000_000


class Limiter:
    def __init__(self, hello):
        self.limit = min(l["limit"] for l in hello["limits"]
                         if l["type"] == "weight" and l["interval_ns"] == MINUTE_NS)
        self.share = hello["settings"].get("share", 0.9)
        self.window, self.used = -1, 0

    def submit(self, call):
        window = call["now_ns"] // MINUTE_NS
        if window != self.window:
            self.window, self.used = window, 0
        if self.used + call["weight"] <= self.limit * self.share:
            self.used += call["weight"]
            return {"answer": "send", "weight": call["weight"], "orders": call["orders"]}
        if call["priority"] != "critical":
            return {"answer": "refuse", "reason": "weight"}
        return {"answer": "hold", "until_ns": (window + 1) * MINUTE_NS, "reason": "weight"}

    def settle(self, call):
        return {}  # look at call["status"] and call["headers"] here


OPTIONS = [{"key": "share", "kind": "number", "default": 0.9, "min": 0.1, "max": 1,
            "help": "share of the allowance that is used"}]
for line in sys.stdin:
    call = json.loads(line)
    if call["call"] == "hello":
        limiter, answer = Limiter(call), {"protocol": 1, "options": OPTIONS}
    else:
        answer = getattr(limiter, call["call"])(call)
    print(json.dumps(answer), flush=True)
