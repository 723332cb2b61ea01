"""An HTTP client for Binance-style futures exchanges whose every request goes past a Weir limiter.

One Client serves all threads of a bot. request() sends at once, waits for its turn, or returns an
answer that says why the request was not sent; it never sends against the limiter's word. Standard
library only.
"""

import hashlib
import hmac
import http.client
import json
import os
import threading
import time
from itertools import count
from urllib.parse import parse_qsl, urlencode, urlsplit

from weir_limiter import NEVER, Limiter, WeirError

ASTER_LIMITS = {("weight", 60): 2400, ("orders", 60): 1200}
WAIT_S = {"critical": 5.0, "normal": 60.0, "low": 20.0}  # how long a request may wait for its turn
IDLE_S = 4.0  # a connection that was idle for longer may be closed by the server any moment: not reused
KEPT_EVENTS = ("ban", "hold", "limit")  # after these the state is written at once


class Response:
    """What came back, as `requests` would give it. `refused` is None if the request was sent, else the
    limiter's reason: then status_code is 418 during a ban and 429 otherwise, and nothing was sent. A
    request that was sent and lost has status_code 500: it may have been executed."""

    def __init__(self, status_code, headers, content, refused=None):
        self.status_code, self.headers, self.content, self.refused = status_code, headers, content, refused

    @property
    def text(self):
        return self.content.decode("utf-8", "replace")

    @property
    def ok(self):
        return self.status_code < 400

    def json(self):
        return json.loads(self.content)

    def raise_for_status(self):
        if not self.ok:
            raise RuntimeError(f"HTTP {self.status_code}: {self.text}")


def _made_up(status_code, code, text, refused=None, headers=()):
    message = http.client.HTTPMessage()
    for name, value in headers:
        message[name] = value
    return Response(status_code, message, json.dumps({"code": code, "msg": text}).encode(), refused)


def _refusal(reason, until_ns):
    """An answer for a request that was not sent, in the form in which the exchange would say no."""
    wait_s = max(0, -(-(until_ns - time.monotonic_ns()) // 10**9)) if 0 < until_ns < NEVER else 0
    return _made_up(418 if reason == "banned" else 429, -1015 if reason == "orders" else -1003,
                    f"not sent: the limiter refused it ({reason})", reason,
                    [("Retry-After", str(wait_s))] if wait_s else ())


def _cost_parameters(parameters):
    """The parameters that change a request's cost, as Limiter.submit takes them."""
    def whole(text):
        return int(text) if str(text).isdigit() else 0  # no such row: costs the dearest
    orders = parameters.get("batchOrders") or parameters.get("subOrderList") or "[]"
    orders = json.loads(orders) if isinstance(orders, str) else orders
    return {"limit": whole(parameters["limit"]) if "limit" in parameters else -1, "count": len(orders),
            "has_symbol": bool(parameters.get("symbol"))}


class _Turn:
    """A thread that waits for its request to be sent or dropped."""

    def __init__(self):
        self.known, self.reason = threading.Event(), None

    def decide(self, reason):
        self.reason = reason
        self.known.set()


class _Connections:
    """Open connections, by host. Who holds one is counted elsewhere."""

    def __init__(self, timeout_s):
        self._timeout_s, self._idle, self._lock = timeout_s, [], threading.Lock()

    def take(self, scheme, host):
        with self._lock:
            fresh = [idle for idle in self._idle if time.monotonic() - idle[2] < IDLE_S]
            for idle in self._idle:
                if idle not in fresh:
                    idle[1].close()
            self._idle = fresh
            for idle in fresh:
                if idle[0] == (scheme, host):
                    fresh.remove(idle)
                    return idle[1]
        kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        return kind(host, timeout=self._timeout_s)

    def close(self):
        with self._lock:
            for _, connection, _ in self._idle:
                connection.close()
            self._idle = []

    def give_back(self, scheme, host, connection):
        with self._lock:
            self._idle.append(((scheme, host), connection, time.monotonic()))


class Client:
    """A limiter, its queue, and the connections behind it."""

    def __init__(self, base_url, api_key="", api_secret="", *, limits=None, policy="weir", settings=None,
                 state_file=None, connections=8, timeout_s=10.0):
        """limits, policy, settings: see Limiter. state_file: what survives a restart, a ban above all.
        connections: most requests on the wire at once."""
        self.base_url, self._key, self._secret = base_url.rstrip("/"), api_key, api_secret
        self.limiter = Limiter(limits or ASTER_LIMITS, policy, settings)
        self._slots = threading.Semaphore(connections)  # one for each request on the wire
        self._connections = _Connections(timeout_s)
        self._ids, self._turns = count(1), {}
        self._wake, self._broken, self._closed = threading.Event(), None, False
        self._state_file, self._saving = state_file, threading.Lock()
        self._restore()
        if state_file:
            self.limiter.subscribe(lambda event: event.what in KEPT_EVENTS and self.save())
        threading.Thread(target=self._serve_queue, name="weir queue", daemon=True).start()

    def close(self):
        """Writes the state and closes idle connections, at the end of a program; no request may be open."""
        self.save()
        self._closed = True
        self._wake.set()
        self._connections.close()

    # --- state across restarts

    def save(self):
        """Writes the state, whole or not at all."""
        if self._state_file:
            with self._saving:
                text = json.dumps({"saved_at": time.time(), "limiter": self.limiter.save().hex()})
                with open(f"{self._state_file}.new", "w", encoding="ascii") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(file.name, self._state_file)

    def _restore(self):
        if self._state_file and os.path.exists(self._state_file):
            with open(self._state_file, encoding="ascii") as file:
                state = json.load(file)
            saved = bytes.fromhex(state["limiter"])
            if saved:
                self.limiter.restore(saved, max(0.0, time.time() - state["saved_at"]))

    # --- waiting for a turn

    def _serve_queue(self):
        """The thread that asks the limiter what may go next, and wakes whoever waits for it."""
        try:
            while not self._closed:
                self._wake.clear()
                ask_again_ns = self._serve_due()
                until_s = (ask_again_ns - time.monotonic_ns()) / 1e9
                self._wake.wait(None if ask_again_ns == NEVER else max(0.0, until_s))
        except WeirError as problem:  # nobody may wait for a thread that is gone
            self._broken = problem
            for turn in list(self._turns.values()):
                turn.decide(str(problem))

    def _serve_due(self):
        while True:
            free = self._slots.acquire(blocking=False)
            found = self.limiter.next(1 if free else 0)
            if free and found.kind != "send":
                self._slots.release()
            if found.kind == "none":
                return found.ask_again_ns
            self._turns.pop(found.id).decide("send" if found.kind == "send" else found.reason)

    def _admit(self, request_id, endpoint, **request):
        """Waits until the request may go: (None, 0), or says why it may not: (reason, until)."""
        holds, memo = 0, 0
        while True:
            if self._broken:
                raise self._broken
            turn = self._turns[request_id] = _Turn()
            free = self._slots.acquire(blocking=False)
            answer = self.limiter.submit(request_id, endpoint, can_send=free, holds=holds, memo=memo, **request)
            if answer.action != "queue":
                del self._turns[request_id]
            if answer.action == "send":
                return None, 0
            if free:
                self._slots.release()
            self._wake.set()
            if answer.action == "queue":
                turn.known.wait()
                return (None, 0) if turn.reason == "send" else (turn.reason, answer.until_ns)
            if answer.action == "refuse":
                return answer.reason, answer.until_ns
            holds, memo = holds + 1, answer.memo  # a policy without a queue: the caller waits
            time.sleep(max(0.0, (answer.until_ns - time.monotonic_ns()) / 1e9))

    # --- requests

    def request(self, method, url, parameters=None, *, priority="normal", signed=True, value=0.0, wait_s=None,
                escalate_s=None):
        """Sends a request when it may go, and returns a Response. wait_s: how long it may wait for that
        (WAIT_S by priority); escalate_s: it counts as critical after that; value: what an entry is
        worth, which decides between entries when not all can go."""
        parts = urlsplit(url if "://" in url else self.base_url + url)
        parameters = dict(parse_qsl(parts.query)) | (parameters or {})
        request_id, now_ns = next(self._ids), time.monotonic_ns()
        wait_s = WAIT_S[priority] if wait_s is None else wait_s
        reason, until_ns = self._admit(
            request_id, self.limiter.endpoint(method, parts.path), priority=priority, value=value,
            deadline_ns=now_ns + int(wait_s * 1e9),
            escalate_ns=NEVER if escalate_s is None else now_ns + int(escalate_s * 1e9),
            **_cost_parameters(parameters))
        if reason:
            return _refusal(reason, until_ns)
        try:
            return self._send(request_id, method, parts, parameters, signed)
        finally:
            self._slots.release()
            self._wake.set()

    def _sign(self, parameters):
        """Signed when it is sent, not when it began to wait: else its timestamp would be too old."""
        query = urlencode(parameters | {"timestamp": int(time.time() * 1000)}, doseq=True)
        return f"{query}&signature={hmac.new(self._secret.encode(), query.encode(), hashlib.sha256).hexdigest()}"

    def _send(self, request_id, method, parts, parameters, signed):
        """On the wire. Whatever happens, the limiter is told once."""
        sent_ns = time.monotonic_ns()
        connection = self._connections.take(parts.scheme, parts.netloc)
        try:
            query = self._sign(parameters) if signed else urlencode(parameters, doseq=True)
            in_body = method in ("POST", "PUT")
            headers = {"X-MBX-APIKEY": self._key}
            if in_body:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, parts.path if in_body or not query else f"{parts.path}?{query}",
                               query if in_body else None, headers)
            answer = connection.getresponse()
            content = answer.read()
        except BaseException as problem:
            connection.close()
            self.limiter.lose(request_id, sent_ns)
            if not isinstance(problem, (OSError, http.client.HTTPException)):
                raise
            return _made_up(500, -1007, f"no reply, it may have been executed: {problem!r}")
        self.limiter.settle(request_id, answer.status, answer.getheaders(), content, sent_ns,
                            time.monotonic_ns())
        if not answer.will_close:
            self._connections.give_back(parts.scheme, parts.netloc, connection)
        return Response(answer.status, answer.headers, content)
