"""A limiter for weir, to start from: --policy cmd:'python3 limiter_template.py'"""
import json
import sys


class Limiter:
    def __init__(self, hello):
        minute = 60_000_000_000
        self.limit = min(l["limit"] for l in hello["limits"]
                         if l["type"] == "weight" and l["interval_ns"] == minute)
        self.share = hello["settings"].get("share", 0.9)
        self.window, self.used = -1, 0

    def submit(self, call):
        window, now = call["now_ns"] // 60_000_000_000, call["now_ns"]
        if window != self.window:
            self.window, self.used = window, 0
        if self.used + call["weight"] > self.limit * self.share:
            if not call["can_send"] or call["priority"] != "critical":
                return {"answer": "refuse", "reason": "weight"}
            return {"answer": "hold", "until_ns": (window + 1) * 60_000_000_000, "reason": "weight"}
        self.used += call["weight"]
        return {"answer": "send", "weight": call["weight"], "orders": call["orders"]}

    def settle(self, call):
        return {}


SHARE = {"key": "share", "kind": "number", "default": 0.9, "min": 0.1, "max": 1,
         "help": "share of the allowance that is used"}

limiter = None
for line in sys.stdin:
    call = json.loads(line)
    if call["call"] == "hello":
        limiter, answer = Limiter(call), {"protocol": 1, "options": [SHARE]}
    else:
        answer = getattr(limiter, call["call"])(call)
    print(json.dumps(answer), flush=True)
