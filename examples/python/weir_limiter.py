"""The Weir rate limiter in Python: the shared library libweir by ctypes, nothing else.

A Limiter may be used from any number of threads. It has no clock and never sleeps: it says what may
be sent now, what has to wait, and what will never go, and learns from each reply. For a bot that
wants functions which wait by themselves see weir_requests.py.

    limiter = Limiter({("weight", 60): 2400, ("orders", 60): 1200})
    answer = limiter.submit(1, limiter.endpoint("POST", "/fapi/v1/order"), priority="critical")
    if answer.action == "send":
        ...
        limiter.settle(1, status, headers, body, sent_ns, received_ns)

The library is looked for in the environment variable WEIR_LIBRARY, then where the system's loader
looks. Before the first call the structures below are compared with the library's own table of sizes
and offsets; a library that lays them out differently is refused.
"""

import ctypes as c
import os
import re
import time
from collections import namedtuple

NEVER = 2**63 - 1
ANSWERS = ("send", "queue", "hold", "refuse")
REASONS = ("none", "weight", "orders", "backoff", "banned", "outbid", "queue_full", "deadline", "pace",
           "connection", "ordering")
PRIORITIES = ("critical", "normal", "low")
MODES = ("normal", "burst", "liquidation")
METHODS = ("GET", "POST", "PUT", "DELETE")
LIMIT_TYPES = ("weight", "orders")
STATUSES = ("ok", "invalid", "no memory", "unknown key", "unknown value", "unknown policy", "duplicate",
            "no such request", "full", "broken")
OK, NO_SUCH, LIMITS_MAX = 0, 7, 8


class WeirError(Exception):
    """The library refused a call, or the library itself does not fit."""


class _Struct(c.Structure):
    """A structure of the library: _LimitStats is its weir_limit_stats."""


class _Error(_Struct):
    _fields_ = [("status", c.c_int), ("text", c.c_char * 256)]


class _Params(_Struct):
    _fields_ = [("limit", c.c_int32), ("count", c.c_int32), ("has_symbol", c.c_bool)]


class _Limit(_Struct):
    _fields_ = [("type", c.c_int), ("interval_ns", c.c_int64), ("limit", c.c_int64)]


class _Setting(_Struct):
    _fields_ = [("key", c.c_char_p), ("value", c.c_char_p)]


class _Config(_Struct):
    _fields_ = [("limits", c.POINTER(_Limit)), ("limit_count", c.c_size_t), ("settings", c.POINTER(_Setting)),
                ("setting_count", c.c_size_t), ("now_ns", c.c_int64), ("max_open", c.c_uint32),
                ("seed", c.c_uint64), ("context", c.c_void_p)]


class _Request(_Struct):
    _fields_ = [("id", c.c_uint64), ("endpoint", c.c_int16), ("params", _Params), ("priority", c.c_int),
                ("holds", c.c_uint32), ("deadline_ns", c.c_int64), ("escalate_ns", c.c_int64),
                ("value", c.c_double), ("memo", c.c_uint64), ("can_send", c.c_bool), ("may_queue", c.c_bool)]


class _Decision(_Struct):
    _fields_ = [("answer", c.c_int), ("reason", c.c_int), ("until_ns", c.c_int64), ("memo", c.c_uint64),
                ("booked_weight", c.c_int32), ("booked_orders", c.c_int32)]


class _Next(_Struct):
    _fields_ = [("kind", c.c_int), ("reason", c.c_int), ("id", c.c_uint64), ("ask_again_ns", c.c_int64),
                ("booked_weight", c.c_int32), ("booked_orders", c.c_int32)]


class _Header(_Struct):
    _fields_ = [("name", c.c_char_p), ("value", c.c_char_p)]


class _Reply(_Struct):
    _fields_ = [("id", c.c_uint64), ("lost", c.c_bool), ("status", c.c_int), ("sent_ns", c.c_int64),
                ("received_ns", c.c_int64), ("headers", c.POINTER(_Header)), ("header_count", c.c_size_t),
                ("body", c.c_char_p), ("body_length", c.c_size_t)]


class _Settlement(_Struct):
    _fields_ = [("hold_until_ns", c.c_int64), ("booked_weight", c.c_int32), ("booked_orders", c.c_int32)]


class _Observation(_Struct):
    _fields_ = [("now_ns", c.c_int64), ("symbol", c.c_uint32), ("sell", c.c_bool), ("price", c.c_double),
                ("notional_usd", c.c_double)]


class _Event(_Struct):
    _fields_ = [("time_ns", c.c_int64), ("what", c.c_char_p), ("value", c.c_char_p), ("cause", c.c_char_p),
                ("number", c.c_double), ("until_ns", c.c_int64)]


class _Totals(_Struct):
    _fields_ = ([(name, c.c_uint64) for name in (
        "submitted", "sent", "sent_weight", "sent_orders", "queued", "held", "cancelled")]
        + [("refused", c.c_uint64 * len(REASONS)), ("dropped", c.c_uint64 * len(REASONS))]
        + [(name, c.c_uint64) for name in (
            "answered", "lost", "http_429", "http_418", "consecutive_429", "recent_sent")]
        + [(name, c.c_int64) for name in ("last_429_ns", "mean_trip_ns", "slowest_trip_ns")]
        + [("events_lost", c.c_uint64)])


class _LimitStats(_Struct):
    _fields_ = ([("type", c.c_int), ("aligned", c.c_bool)]
                + [(name, c.c_int64) for name in ("interval_ns", "configured", "allowance")]
                + [("usable", c.c_int64 * len(PRIORITIES))]
                + [(name, c.c_int64) for name in ("used", "on_the_wire", "others", "others_expected")]
                + [(name, c.c_double) for name in ("used_pct", "usable_pct", "peak_pct")]
                + [("ends_ns", c.c_int64)])


class _OwnCounts(_Struct):
    _fields_ = [(name, c.c_int64) for name in (
        "requests_sent", "requests_queued", "requests_dropped", "weight_used", "received_429",
        "consecutive_429", "throttle_delays", "recent_requests")] + [("peak_pct", c.c_double)]


class _Stats(_Struct):
    _fields_ = ([("now_ns", c.c_int64), ("open", c.c_uint32), ("totals", _Totals), ("limit_count", c.c_size_t),
                 ("limits", _LimitStats * LIMITS_MAX), ("queued", c.c_int64 * len(PRIORITIES)),
                 ("escalated", c.c_int64), ("mode", c.c_char_p)]
                + [(name, c.c_int64) for name in (
                    "mode_until_ns", "burst_until_ns", "liquidation_until_ns", "burst_count",
                    "liquidation_count", "hold_until_ns", "ban_until_ns", "bans", "probing")]
                + [("throttle", c.c_double), ("clock_low_ns", c.c_int64), ("clock_high_ns", c.c_int64),
                   ("own", _OwnCounts)])


class _Field(c.Structure):
    _fields_ = [("type", c.c_char_p), ("field", c.c_char_p), ("offset", c.c_size_t), ("size", c.c_size_t)]


_CALLBACK = c.CFUNCTYPE(None, c.c_void_p, c.c_void_p, c.POINTER(_Event))
_P = c.POINTER
_SIGNATURES = {  # result, arguments
    "weir_version": (c.c_char_p,),
    "weir_field_at": (_P(_Field), c.c_size_t),
    "weir_reason_name": (c.c_char_p, c.c_int),
    "weir_answer_name": (c.c_char_p, c.c_int),
    "weir_priority_name": (c.c_char_p, c.c_int),
    "weir_method_name": (c.c_char_p, c.c_int),
    "weir_policy_find": (c.c_void_p, c.c_char_p),
    "weir_endpoint_find": (c.c_int16, c.c_int, c.c_char_p),
    "weir_handle_create": (c.c_int, c.c_void_p, _P(_Config), _P(c.c_void_p), _P(_Error)),
    "weir_handle_destroy": (None, c.c_void_p),
    "weir_handle_submit": (c.c_int, c.c_void_p, c.c_int64, _P(_Request), _P(_Decision)),
    "weir_handle_next_request": (c.c_int, c.c_void_p, c.c_int64, c.c_uint32, _P(_Next)),
    "weir_handle_settle": (c.c_int, c.c_void_p, _P(_Reply), _P(_Settlement)),
    "weir_handle_cancel": (c.c_int, c.c_void_p, c.c_int64, c.c_uint64),
    "weir_handle_set_mode": (c.c_int, c.c_void_p, c.c_int64, c.c_int, c.c_int64),
    "weir_handle_observe": (None, c.c_void_p, _P(_Observation)),
    "weir_handle_subscribe": (c.c_int, c.c_void_p, c.c_char_p, _CALLBACK, c.c_void_p, _P(c.c_uint32)),
    "weir_handle_read_stats": (c.c_int, c.c_void_p, c.c_int64, _P(_Stats), c.c_size_t),
    "weir_handle_save": (c.c_size_t, c.c_void_p, c.c_int64, c.c_void_p, c.c_size_t),
    "weir_handle_restore": (c.c_int, c.c_void_p, c.c_int64, c.c_int64, c.c_char_p, c.c_size_t, _P(_Error)),
    "weir_handle_failure": (None, c.c_void_p, _P(_Error)),
}


def _own_layout():
    """The structures above as the library's table describes its own: {(type, field): (offset, size)}."""
    layout = {}
    for struct in _Struct.__subclasses__():
        name = "weir" + re.sub("([A-Z])", r"_\1", struct.__name__.lstrip("_")).lower()
        layout[name, None] = (0, c.sizeof(struct))
        for field_name, _ in struct._fields_:
            place = getattr(struct, field_name)
            layout[name, field_name] = (place.offset, place.size)
    return layout


def _library_layout(library):
    layout, index = {}, 0
    while line := library.weir_field_at(index):
        at = line.contents
        layout[at.type.decode(), at.field and at.field.decode()] = (at.offset, at.size)
        index += 1
    return layout


def _check(library):
    """Refuses a library whose structures or names differ from this module's."""
    theirs = _library_layout(library)
    for (name, field_name), place in _own_layout().items():
        if theirs.get((name, field_name)) != place:
            raise WeirError(
                f"libweir {library.weir_version().decode()} does not fit this module: {name}"
                f"{'.' + field_name if field_name else ''} is {theirs.get((name, field_name))} there, "
                f"{place} here (offset, size); use the weir_limiter.py of that version")
    for names, name_of in ((REASONS, library.weir_reason_name), (ANSWERS, library.weir_answer_name),
                           (PRIORITIES, library.weir_priority_name), (METHODS, library.weir_method_name)):
        there = tuple(name_of(i).decode() for i in range(len(names)))
        if there != names:
            raise WeirError(f"libweir does not fit this module: it counts {there}, the module {names}")


def load(path=None):
    """The library, checked. Raises WeirError if it is not there or does not fit."""
    path = path or os.environ.get("WEIR_LIBRARY") or "libweir.so.0"
    try:
        library = c.CDLL(path)
        for name, (result, *arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as problem:
        raise WeirError(f"no usable libweir: {problem}; install it, or give its path in WEIR_LIBRARY") from None
    _check(library)
    return library


Answer = namedtuple("Answer", "action reason until_ns weight orders memo")
Answer.__doc__ = """What becomes of a request: action is "send", "queue", "hold" or "refuse"."""
Next = namedtuple("Next", "kind id reason ask_again_ns")
Next.__doc__ = """What the queue says: kind is "send" or "drop" for request `id`, or "none"."""
Event = namedtuple("Event", "time_ns what value cause number until_ns")


def _text(raw):
    return raw.decode() if raw is not None else None


def _plain(value):
    """A structure as dictionaries, lists and numbers."""
    if isinstance(value, c.Structure):
        return {name: _plain(getattr(value, name)) for name, _ in value._fields_}
    if isinstance(value, c.Array):
        return [_plain(item) for item in value]
    return _text(value) if isinstance(value, bytes) else value


class Limiter:
    """A limiter for all threads of a bot. Times are time.monotonic_ns()."""

    def __init__(self, limits, policy="weir", settings=None, max_open=1024, library=None):
        """limits: {("weight" or "orders", seconds): limit}; settings: {"normal.buffer": "0.05", …}, see
        `weir policies`; max_open: most requests that wait or are on the wire at once."""
        self._library = library or load()
        self._handle = c.c_void_p()
        self._endpoints = {}
        self._callbacks = []  # kept: the library holds only addresses
        table = (_Limit * len(limits))(*[
            _Limit(LIMIT_TYPES.index(kind), int(seconds * 10**9), amount)
            for (kind, seconds), amount in limits.items()])
        pairs = [(str(key).encode(), str(value).encode()) for key, value in (settings or {}).items()]
        chosen = (_Setting * max(1, len(pairs)))(*pairs)
        wanted = _Config(table, len(limits), chosen, len(pairs), time.monotonic_ns(), max_open, 0, None)
        found = self._library.weir_policy_find(policy.encode())
        if not found:
            raise WeirError(f"there is no policy \"{policy}\"; `weir policies` lists them")
        problem = _Error()
        if self._library.weir_handle_create(found, wanted, c.byref(self._handle), problem) != OK:
            raise WeirError(problem.text.decode())

    def __del__(self):
        if getattr(self, "_handle", None):
            self._library.weir_handle_destroy(self._handle)

    def _expect(self, status):
        if status != OK:
            problem = _Error()
            self._library.weir_handle_failure(self._handle, problem)
            raise WeirError(problem.text.decode() or f"the limiter says: {STATUSES[status]}")

    def endpoint(self, method, path):
        """The handle of an endpoint; an unknown path costs the worst case."""
        key = (method, path)
        if key not in self._endpoints:
            self._endpoints[key] = self._library.weir_endpoint_find(METHODS.index(method), path.encode())
        return self._endpoints[key]

    def submit(self, request_id, endpoint, *, limit=-1, count=0, has_symbol=False, priority="normal",
               deadline_ns=NEVER, escalate_ns=NEVER, value=0.0, can_send=True, may_queue=True, holds=0, memo=0):
        """Decides on a request. `limit`, `count` and `has_symbol` are the parameters that change its
        cost; `value` is what an entry is worth (any unit, the same for all); `can_send`: a connection
        is free; `may_queue`: the caller will ask next(). After "hold", submit again at until_ns, with the
        number of `holds` so far and the answer's `memo`."""
        wanted = _Request(request_id, endpoint, _Params(limit, count, has_symbol), PRIORITIES.index(priority),
                          holds, deadline_ns, escalate_ns, value, memo, can_send, may_queue)
        given = _Decision()
        self._expect(self._library.weir_handle_submit(self._handle, time.monotonic_ns(), wanted, given))
        return Answer(ANSWERS[given.answer], REASONS[given.reason], given.until_ns, given.booked_weight,
                      given.booked_orders, given.memo)

    def next(self, free_connections):
        """The next queued request that may go now or never will; call it until it says "none"."""
        found = _Next()
        self._expect(self._library.weir_handle_next_request(
            self._handle, time.monotonic_ns(), free_connections, found))
        return Next(("none", "send", "drop")[found.kind], found.id, REASONS[found.reason], found.ask_again_ns)

    def settle(self, request_id, status, headers, body, sent_ns, received_ns):
        """The reply to a request that was sent: status, (name, value) pairs, bytes."""
        lines = [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
                 for name, value in headers]
        table = (_Header * max(1, len(lines)))(*lines)
        self._settle(_Reply(request_id, False, status, sent_ns, received_ns, table, len(lines), body, len(body)))

    def lose(self, request_id, sent_ns):
        """No reply came: the exchange may have counted the request or not."""
        self._settle(_Reply(request_id, True, 0, sent_ns, max(sent_ns, time.monotonic_ns())))

    def _settle(self, answer):
        self._expect(self._library.weir_handle_settle(self._handle, answer, _Settlement()))

    def cancel(self, request_id):
        """Takes a queued request back; False if it is not queued (any more)."""
        status = self._library.weir_handle_cancel(self._handle, time.monotonic_ns(), request_id)
        if status != NO_SUCH:
            self._expect(status)
        return status == OK

    def set_mode(self, mode, seconds=300):
        """Switches mode "burst" or "liquidation" on by hand, or back to "normal"."""
        duration_ns = max(1, int(seconds * 1e9))
        self._expect(self._library.weir_handle_set_mode(
            self._handle, time.monotonic_ns(), MODES.index(mode), duration_ns))

    def observe(self, symbol, sell, price, notional_usd):
        """Tells of a liquidation on the feed; `symbol` is a number of the caller's choice."""
        self._library.weir_handle_observe(
            self._handle, _Observation(time.monotonic_ns(), symbol, sell, price, notional_usd))

    def subscribe(self, callback, what=None):
        """callback(Event) for events named `what`, or all; in the thread whose call caused them."""
        def deliver(_context, _handle, at):
            raw = at.contents
            callback(Event(raw.time_ns, _text(raw.what), _text(raw.value), _text(raw.cause), raw.number,
                           raw.until_ns))
        name, kept = what and what.encode(), _CALLBACK(deliver)
        self._expect(self._library.weir_handle_subscribe(self._handle, name, kept, None, None))
        self._callbacks.append((name, kept))

    def stats(self):
        """All statistics (core/include/weir/stats.h) as a dictionary; -1 and None are "not told"."""
        read = _Stats()
        self._expect(self._library.weir_handle_read_stats(
            self._handle, time.monotonic_ns(), read, c.sizeof(read)))
        told = _plain(read)
        told["limits"] = told["limits"][:told.pop("limit_count")]
        for one in told["limits"]:
            one["type"] = LIMIT_TYPES[one["type"]]
            one["usable"] = dict(zip(PRIORITIES, one["usable"]))
        told["queued"] = dict(zip(PRIORITIES, told["queued"]))
        for how in ("refused", "dropped"):
            told["totals"][how] = {reason: count for reason, count in zip(REASONS, told["totals"][how]) if count}
        return told

    def save(self):
        """What must survive a restart, as bytes (a ban, a hold, learned limits)."""
        room = c.create_string_buffer(4096)
        size = self._library.weir_handle_save(self._handle, time.monotonic_ns(), room, len(room))
        return room.raw[:size]

    def restore(self, saved, elapsed_s):
        """Takes back what save() gave, `elapsed_s` ago. Raises WeirError for damaged data."""
        problem = _Error()
        if self._library.weir_handle_restore(self._handle, time.monotonic_ns(), int(elapsed_s * 10**9), saved,
                                             len(saved), problem) != OK:
            raise WeirError(problem.text.decode())
