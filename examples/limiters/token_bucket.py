"""A token bucket: --policy cmd:'python3 token_bucket.py'. Replies go along with the next call."""
import json
import sys


class TokenBucket:
    """One bucket for each limit; all must have enough, or the request is held until they have."""

    def __init__(self, hello):
        self.limits = hello["limits"]
        self.fill = hello["settings"].get("fill", 0.5)
        self.tokens = [limit["limit"] * self.fill for limit in self.limits]
        self.now_ns = hello["now_ns"]

    def submit(self, call):
        wait_ns, costs = 0, []
        for i, limit in enumerate(self.limits):
            rate = (1 - self.fill) * limit["limit"] / limit["interval_ns"]
            self.tokens[i] = min(limit["limit"] * self.fill,
                                 self.tokens[i] + rate * (call["now_ns"] - self.now_ns))
            costs.append(call[limit["type"]])
            wait_ns = max(wait_ns, (costs[i] - self.tokens[i]) / rate if costs[i] else 0)
        self.now_ns = call["now_ns"]
        if wait_ns > 0:
            return {"answer": "hold", "until_ns": self.now_ns + int(wait_ns) + 1, "reason": "pace"}
        self.tokens = [have - cost for have, cost in zip(self.tokens, costs)]
        return {"answer": "send", "weight": call["weight"], "orders": call["orders"]}


OPTIONS = [{"key": "fill", "kind": "number", "default": 0.5, "min": 0.05, "max": 1,
            "help": "share of a limit that the bucket holds; the rest comes in evenly"}]
for line in sys.stdin:
    call = json.loads(line)
    if call["call"] == "hello":
        bucket = TokenBucket(call)
        answer = {"protocol": 1, "settle_later": True, "options": OPTIONS}
    else:
        answer = bucket.submit(call)
    print(json.dumps(answer), flush=True)
