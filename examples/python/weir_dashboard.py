"""Shows a bot's limiter on the dashboard of `weir serve`, whose buttons then switch its mode.

    client = weir_requests.configure("http://127.0.0.1:8080", "my key")
    Attachment("http://127.0.0.1:8080", client.limiter, weir_requests.get_stats)

A thread of its own connects by WebSocket to /weir/limiter, sends the figures four times a second and
events as they happen, and connects again when the line is lost. The bot never waits for it. What it
sends and is asked for: docs/dashboard.md. Standard library only.
"""

import base64
import json
import os
import queue
import socket
import struct
import threading
import time
from urllib.parse import urlsplit

from weir_limiter import NEVER, WeirError

STATS_S, RETRY_S, SILENT_EVENTS = 0.25, 1.0, ("heavy",)


class _Line:
    """As much of a WebSocket client as this needs: whole text frames of up to 64 KiB, both ways."""

    def __init__(self, host, port, path):
        self._socket, self._bytes = socket.create_connection((host, port), timeout=5), b""
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall((f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
                              f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                              "Sec-WebSocket-Version: 13\r\n\r\n").encode())
        while b"\r\n\r\n" not in self._bytes:
            self._read()
        head, self._bytes = self._bytes.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.split(b"\r\n")[0].decode("latin-1"))

    def _read(self):
        got = self._socket.recv(65536)
        if not got:
            raise ConnectionError("the server closed the connection")
        self._bytes += got

    def close(self):
        self._socket.close()

    def send(self, text, kind=1):
        data, mask = text.encode() if isinstance(text, str) else text, os.urandom(4)
        length = bytes([0x80 | len(data)]) if len(data) < 126 else struct.pack(">BH", 0xFE, len(data))
        self._socket.sendall(bytes([0x80 | kind]) + length + mask +
                             bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))

    def receive(self, wait_s):
        """A text, or None if none came in time."""
        until = time.monotonic() + wait_s
        while True:
            frame = self._frame()
            if frame is None:
                left = until - time.monotonic()
                if left <= 0:
                    return None
                self._socket.settimeout(left)
                try:
                    self._read()
                except TimeoutError:
                    return None
                finally:
                    self._socket.settimeout(5)
            elif frame[0] == 1:
                return frame[1].decode()
            elif frame[0] == 8:
                raise ConnectionError("the server closed the connection")
            elif frame[0] == 9:
                self.send(frame[1], 10)

    def _frame(self):
        """(kind, data) of the next frame if it is there whole, else None."""
        if len(self._bytes) < 2:
            return None
        length, start = self._bytes[1] & 0x7F, 2
        if length == 126:
            if len(self._bytes) < 4:
                return None
            length, start = struct.unpack(">H", self._bytes[2:4])[0], 4
        if len(self._bytes) < start + length:
            return None
        frame = self._bytes[0] & 0x0F, self._bytes[start:start + length]
        self._bytes = self._bytes[start + length:]
        return frame


def _left(until_ns, now_ns):
    """Seconds until a time; None for what is not told or has no end."""
    return None if until_ns in (-1, NEVER) else max(0.0, (until_ns - now_ns) / 1e9)


def figures(limiter, guide_stats, name):
    """What the dashboard shows: the guide's fields, and spans in seconds from now."""
    told = limiter.stats()
    now_ns, totals = told["now_ns"], told["totals"]
    limits = [{"type": one["type"], "interval_s": one["interval_ns"] / 1e9, "usable": one["usable"]["critical"],
               "ends_in_s": _left(one["ends_ns"], now_ns),
               **{key: one[key] for key in ("allowance", "used", "on_the_wire", "others", "usable_pct")}}
              for one in told["limits"]]
    return {**guide_stats, "bot": name, "mode": told["mode"], "limits": limits,
            **{f"{what}_ends_in_s": _left(told[f"{what}_until_ns"], now_ns) for what in ("mode", "hold", "ban")},
            "418_received": totals["http_418"], "mean_trip_ms": totals["mean_trip_ns"] / 1e6,
            "refused": totals["refused"], "dropped": totals["dropped"]}


class Attachment:
    """A limiter on a dashboard, for as long as the program runs or until close()."""

    def __init__(self, url, limiter, get_stats, name="Python bot"):
        """url: of `weir serve`; get_stats: returns the guide's fields, as weir_requests.get_stats."""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port or 80
        self._limiter, self._get_stats, self._name = limiter, get_stats, name
        self._events, self._closed = queue.Queue(256), threading.Event()
        self._lock, self._outcomes = threading.Lock(), {}
        limiter.subscribe(self._take_event)
        self._thread = threading.Thread(target=self._run, name="weir dashboard", daemon=True)
        self._thread.start()

    def close(self):
        self._closed.set()
        self._thread.join()

    def tell(self, what, **fields):
        """An event of the bot's own, such as tell("capture", symbol="BTCUSDT", usd=120000.0). Dropped
        if too many wait."""
        try:
            self._events.put_nowait({"what": what, **fields})
        except queue.Full:
            pass

    def outcome(self, captured, symbol, side, usd, **fields):
        """An opportunity was captured or missed; fields: latency_ms=… or cause="…"."""
        word = "captured" if captured else "missed"
        with self._lock:
            counts = self._outcomes or {"captured": 0, "missed": 0, "captured_usd": 0.0, "missed_usd": 0.0}
            self._outcomes = {**counts, word: counts[word] + 1, f"{word}_usd": counts[f"{word}_usd"] + usd}
        self.tell("capture" if captured else "miss", symbol=symbol, side=side, usd=usd, **fields)

    def _figures(self):
        told = figures(self._limiter, self._get_stats(), self._name)
        return {**told, "opportunities": self._outcomes} if self._outcomes else told

    def _take_event(self, event):
        if event.what not in SILENT_EVENTS:
            ends = {} if event.until_ns in (0, NEVER) else {
                "ends_in_s": max(0.0, (event.until_ns - event.time_ns) / 1e9)}
            named = {key: text for key, text in (("value", event.value), ("cause", event.cause)) if text}
            self.tell(event.what, number=event.number, **named, **ends)

    def _run(self):
        while not self._closed.is_set():
            try:
                line = _Line(self._host, self._port, "/weir/limiter")
            except OSError:
                self._closed.wait(RETRY_S)
                continue
            try:
                self._serve(line)
            except (OSError, ValueError):
                self._closed.wait(RETRY_S)
            finally:
                line.close()

    def _serve(self, line):
        due = 0.0
        while not self._closed.is_set():
            while not self._events.empty():
                line.send(json.dumps({"event": self._events.get()}))
            if time.monotonic() >= due:
                due = time.monotonic() + STATS_S
                line.send(json.dumps({"stats": self._figures()}))
            text = line.receive(0.02)
            if text and "set_mode" in (asked := json.loads(text)):
                line.send(json.dumps({"answer": self._set_mode(asked["set_mode"])}))
                due = 0.0

    def _set_mode(self, asked):
        try:
            self._limiter.set_mode(asked["mode"], asked["duration_s"])
            return {"id": asked["id"], "done": True}
        except (WeirError, ValueError) as problem:
            return {"id": asked["id"], "done": False, "message": str(problem)}
