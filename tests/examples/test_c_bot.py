"""The example bot in C against the exchange over HTTP."""

import os
import re
import signal
import subprocess
import tempfile
import unittest

from exchange import KEY, SECRET, Exchange, frames, within_a_minute

BOT = os.environ["WEIR_C_BOT"]


def start(exchange, *options):
    return subprocess.Popen([BOT, "--url", exchange.url, "--key", KEY, "--secret", SECRET, *options],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(exchange, feed, *options):
    """Runs the bot until it ends by itself, and returns what it printed."""
    process = start(exchange, *options)
    out, err = process.communicate(feed, timeout=30)
    assert process.returncode == 0 and err == "", (process.returncode, err)
    return out


def number(pattern, text):
    return int(re.search(pattern, text).group(1))


class CBot(unittest.TestCase):
    def test_reaches_the_limit_and_never_breaks_it(self):
        def scenario():
            with Exchange(weight=100, orders=60) as exchange:
                out = run(exchange, frames(60), "--weight", "100", "--orders", "60", "--seconds", "3.5")
                return out, exchange.state()
        out, state = within_a_minute(scenario)
        self.assertEqual(state["answered_429"] + state["answered_418"], 0)
        # the exchange's own count is the limiter's
        self.assertEqual(state["ips"][0]["used_weight_1m"], number(r"weight in 60 s: (\d+) of 100", out))
        self.assertEqual(state["accounts"][0]["used_orders_1m"], number(r"orders in 60 s: (\d+) of 60", out))
        self.assertGreater(state["ips"][0]["used_weight_1m"], 80)
        captured, protected = number(r"entry: 60 wanted, (\d+) done", out), number(r"protection: .* (\d+) done", out)
        self.assertGreater(captured, 10)
        self.assertGreaterEqual(protected, 0.7 * captured)
        self.assertRegex(out, r"entry: 60 wanted, \d+ done, \d+ not sent, 0 rejected, 0 lost, 0 open")
        self.assertRegex(out, r"not sent: entry BTCUSDT \((weight|orders|outbid|deadline)\)")

    def test_what_was_held_goes_in_the_next_window(self):
        with Exchange(orders_per_10s=20) as exchange:
            # the entries and a part of their protection fill ten seconds; the rest waits for the next
            out = run(exchange, frames(8), "--orders-10s", "20")
            state = exchange.state()
        self.assertEqual(state["answered_429"] + state["answered_418"], 0)
        captured = number(r"entry: 8 wanted, (\d+) done", out)
        self.assertGreater(3 * captured, 20)
        self.assertIn(f"protection: {captured} wanted, {captured} done", out)
        self.assertEqual(state["accounts"][0]["fills"], captured)

    def test_is_silent_in_a_ban_and_after_a_restart(self):
        with tempfile.TemporaryDirectory() as folder, Exchange(weight=50, ban_after_429s=1) as exchange:
            exchange.ban()
            before = exchange.state()["requests"]
            options = "--state", os.path.join(folder, "state")
            process = start(exchange, *options)
            process.stdin.write(frames(1))
            process.stdin.flush()
            while "limiter: ban on" not in process.stdout.readline():
                pass
            process.stdin.write(frames(20))
            process.stdin.flush()
            refused = 0
            while refused < 20:
                refused += "(banned)" in process.stdout.readline()
            process.send_signal(signal.SIGKILL)  # it has no chance to write anything more
            process.communicate()
            told = exchange.state()["requests"]
            self.assertLessEqual(told - before, 2)  # what was on the wire before the first 418 came
            out = run(exchange, frames(20), *options, "--seconds", "1")
            self.assertRegex(out, r"limiter: banned for another \d+ s")
            self.assertEqual(exchange.state()["requests"], told)

    def test_says_what_is_wrong(self):
        for arguments, words, code in ((["--weight", "none"], "not a number", 2), (["--nonsense"], "usage", 2),
                                       (["--feed", "/does/not/exist"], "/does/not/exist", 1)):
            answer = subprocess.run([BOT, *arguments], capture_output=True, text=True, check=False)
            self.assertEqual(answer.returncode, code)
            self.assertIn(words, answer.stderr)
        with tempfile.NamedTemporaryFile() as state:
            state.write(b"x" * 100)
            state.flush()
            answer = subprocess.run([BOT, "--state", state.name], capture_output=True, text=True, check=False)
            self.assertEqual(answer.returncode, 1)
            self.assertIn("cannot be used", answer.stderr)


if __name__ == "__main__":
    unittest.main()
