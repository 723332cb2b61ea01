"""The dashboard in headless Chromium: what it shows, that its buttons reach the limiter, its alerts, a
ban, a lost connection; nothing on the console, no request elsewhere, nothing wider than the screen.
Without Chromium the test is skipped."""

import json
import os
import signal
import subprocess
import sys
import time
import unittest
import urllib.request
from urllib.parse import urlsplit

sys.path.insert(0, os.environ["WEIR_PYTHON_EXAMPLE"])

import browser  # noqa: E402
import weir_dashboard  # noqa: E402
import weir_requests  # noqa: E402

READY = "document.body.dataset.ready === 'yes' && document.body.dataset.state === 'live'"


class Server:
    """`weir serve`, at any port or at one that it had before."""

    def __init__(self, port=0, *arguments):
        self._process = subprocess.Popen([os.environ["WEIR_COMMAND"], "serve", "--port", str(port), *arguments],
                                         stdout=subprocess.PIPE, text=True)
        where = json.loads(self._process.stdout.readline())
        self.url, self.page, self.port = where["listening"], where["dashboard"], where["port"]

    def stop(self):
        self._process.terminate()
        self._process.wait()
        self._process.stdout.close()

    def stats(self):
        with urllib.request.urlopen(f"{self.url}/api/rate-limiter/stats") as answer:
            return json.load(answer)["data"]


class MadeUpBot:
    """Attaches figures of the test's choice."""

    def __init__(self, server):
        self.line = weir_dashboard._Line("127.0.0.1", server.port, "/weir/limiter")

    def tell(self, usage_pct=0.0, orders=0, critical=0, **more):
        figures = {
            "current_usage_pct": usage_pct, "peak_usage_pct": usage_pct, "current_weight": int(24 * usage_pct),
            "weight_limit": 2400, "current_orders": orders, "order_limit": 1200, "burst_mode": False,
            "liquidation_mode": False, "banned": False, "consecutive_429s": 0, "requests_sent": 1,
            "queue_sizes": {"critical": critical, "normal": 0, "low": 0},
            "opportunities": {"captured": 3, "missed": 1, "captured_usd": 3e6, "missed_usd": 1e4}}
        self.line.send(json.dumps({"stats": {**figures, **more}}))

    def event(self, **event):
        self.line.send(json.dumps({"event": event}))


class Dashboard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = browser.Browser(PATH)
        cls.watched = Server()
        cls.begun = time.monotonic()
        cls.stream = urllib.request.urlopen(f"{cls.watched.url}/api/rate-limiter/events", timeout=5)

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.stream.close()
        cls.watched.stop()

    def setUp(self):
        self.server = Server()
        self.addCleanup(lambda: self.server.stop())
        self.page = self.browser
        self.page.console.clear()
        self.page.requests.clear()
        self.page.size(1280, 900)

    def open(self, url=None):
        self.page.open("about:blank")
        self.page.open(url or self.server.page)
        self.page.wait(READY)

    def quiet(self):
        self.assertEqual(self.page.console, [])
        elsewhere = [url for url in self.page.requests
                     if urlsplit(url).netloc != urlsplit(self.server.url).netloc and not url.startswith("about:")]
        self.assertEqual(elsewhere, [])

    def alerts(self):
        return self.page.run("[...document.querySelectorAll('.alert')].map(a => a.className + ': ' + a.innerText)")

    def bot(self):
        bot = MadeUpBot(self.server)
        self.addCleanup(bot.line.close)
        return bot

    def test_without_limiter(self):
        for _ in range(5):
            urllib.request.urlopen(f"{self.server.url}/fapi/v1/ping").close()
        self.open()
        self.assertIn("No bot has attached", self.page.text("#unattached"))
        self.assertRegex(self.page.text("#current-weight"), r"^\d / 2,400$")
        self.assertEqual(self.page.text("#current-orders"), "0 / 1,200")
        self.assertTrue(self.page.run("document.querySelector('#burst-btn').disabled"))
        self.assertIn("127.0.0.1", self.page.text("#addresses"))
        self.assertEqual(self.page.text("#ban-status"), "Online")
        self.assertNotIn("token", self.page.run("location.href"))
        self.quiet()

    def test_buttons_reach_the_limiter(self):
        client = weir_requests.configure(self.server.url, "key", "secret")
        attached = weir_dashboard.Attachment(self.server.url, client.limiter, weir_requests.get_stats)
        self.addCleanup(attached.close)
        self.open()
        self.page.wait("!document.querySelector('#burst-btn').disabled")
        self.page.click("#burst-btn")
        self.page.wait("document.querySelector('#toasts').innerText.includes('Burst mode enabled for 5 minutes')")
        self.assertEqual(client.limiter.stats()["mode"], "burst")
        self.page.wait("document.querySelector('#burst-mode').innerText.startsWith('BURST')")

        self.page.click("#liquidation-btn")
        self.page.wait("document.querySelector('#confirm').open")
        self.assertEqual(self.page.run("document.activeElement.innerText"), "Cancel")
        self.page.key("Escape", 27)
        self.page.wait("!document.querySelector('#confirm').open")
        self.page.click("#liquidation-btn")
        self.page.wait("document.querySelector('#confirm').open")
        self.page.click("#confirm button[value=no]")
        self.page.wait("!document.querySelector('#confirm').open")
        self.assertEqual(client.limiter.stats()["mode"], "burst")
        self.page.click("#liquidation-btn")
        self.page.wait("document.querySelector('#confirm').open")
        self.page.click("#confirm-yes")
        self.page.wait("document.querySelector('#liquidation-mode').innerText.startsWith('LIQUIDATION')")
        self.assertEqual(client.limiter.stats()["mode"], "liquidation")
        self.page.wait("[...document.querySelectorAll('#happenings li')].some(e => e.innerText.includes('liquidation'))")

        self.page.run("document.querySelector('#reset-btn').focus()")
        self.page.key("Enter", 13)
        self.page.wait("document.querySelector('#liquidation-mode').innerText === 'Normal'")
        self.assertEqual(client.limiter.stats()["mode"], "normal")
        self.page.wait("document.querySelectorAll('.toast').length === 0")
        self.quiet()

    def test_weir_live(self):
        """The limiter that trades in another process is the one that the buttons reach."""
        trace = os.environ["WEIR_CASCADE"]
        server = Server(0, "--trace", trace, "--set", "bot.lead_s=10")
        self.addCleanup(server.stop)
        live = subprocess.Popen([os.environ["WEIR_COMMAND"], "live", trace, "--url", server.url, "--set",
                                 "bot.lead_s=10"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(live.wait)
        self.addCleanup(live.kill)
        self.open(server.page)
        self.page.wait("document.querySelector('#subject').innerText.startsWith('weir live, policy weir')")
        self.page.click("#liquidation-btn")
        self.page.click("#confirm-yes")
        self.page.wait("document.querySelector('#liquidation-mode').innerText.startsWith('LIQUIDATION')")
        self.assertTrue(server.stats()["liquidation_mode"])
        self.page.click("#reset-btn")
        self.page.wait("document.querySelector('#liquidation-mode').innerText === 'Normal'")
        live.send_signal(signal.SIGINT)
        self.page.wait("!document.querySelector('#unattached').hidden")
        self.assertEqual(live.wait(20), 130)
        self.assertEqual(self.page.console, [])

    def test_without_token(self):
        bot = self.bot()
        bot.tell()
        self.page.open(self.server.page)
        self.page.wait(READY)
        self.page.run("sessionStorage.clear()")
        self.open(self.server.url)
        self.assertIn("Read only", self.page.text("#locked"))
        self.assertTrue(self.page.run("document.querySelector('#reset-btn').disabled"))
        self.open(f"{self.server.url}/dashboard#token=0")
        bot.tell()
        self.page.wait("!document.querySelector('#reset-btn').disabled")
        self.page.click("#reset-btn")
        self.page.wait("document.querySelector('.toast-error')?.innerText.includes('token is wrong')")
        self.page.console = [line for line in self.page.console if "401" not in line]  # the browser's own word
        self.quiet()

    def test_without_modes(self):
        bot = self.bot()
        bot.tell(mode=None, current_usage_pct=None, current_weight=None)
        self.open()
        self.page.wait("document.querySelector('#locked').innerText.includes('cannot be switched')")
        self.assertTrue(self.page.run("document.querySelector('#burst-btn').disabled"))
        self.assertIn("what the exchange counts", self.page.text("#counted-by"))
        self.assertRegex(self.page.text("#current-weight"), r"^\d+ / 2,400$")
        bot.tell(mode="normal")
        self.page.wait("!document.querySelector('#burst-btn').disabled")
        self.assertEqual(self.page.text("#locked"), "")
        self.quiet()

    def test_alerts(self):
        bot = self.bot()
        bot.tell()
        self.open()
        none, high, critical = [], ["alert alert-warning"], ["alert alert-danger"]
        for usage, orders, expected in ((75.0, 900, none), (75.1, 0, high), (90.0, 0, high), (90.1, 0, critical),
                                        (0.0, 901, high), (0.0, 1081, critical), (10.0, 10, none)):
            bot.tell(usage, orders)
            self.page.wait(f"document.querySelector('#current-orders').innerText.startsWith('{orders:,} ') && "
                           f"document.querySelector('#usage-pct').innerText === '{usage:.1f} %'")
            self.assertEqual([text.split(":")[0] for text in self.alerts()], expected, (usage, orders))
            self.assertEqual(self.page.run("document.querySelector('.usage').dataset.level"),
                             "critical" if usage > 90 else "high" if usage > 75 else "calm")
        bot.tell(critical=6, consecutive_429s=2)
        self.page.wait("document.querySelectorAll('.alert').length === 2")
        self.assertRegex(" ".join(self.alerts()), "(?s)2 answers of 429.*6 critical requests")
        bot.tell(critical=5)
        self.page.wait("document.querySelectorAll('.alert').length === 0")
        self.quiet()

    def test_ban(self):
        bot = self.bot()
        bot.tell()
        self.open()
        bot.event(what="ban", value="on", cause="418", ends_in_s=119.5)
        bot.tell(50.0, banned=True, ban_ends_in_s=119.5)
        self.page.wait("document.querySelector('#ban-status').innerText.startsWith('BANNED')")
        self.assertIn("2:00 min left", self.page.text("#ban-status"))
        self.assertEqual(self.page.run("document.querySelector('.alert').getAttribute('role')"), "alert")
        self.page.wait("document.querySelector('#happenings li')?.innerText.includes('Ban')")
        bot.tell(50.0)
        self.page.wait("document.querySelector('#ban-status').innerText === 'Online'")
        self.quiet()

    def test_what_comes_is_text(self):
        """Names that the page did not make are never taken for markup."""
        bot = self.bot()
        evil = "<img src=x onerror=alert(1)>"
        bot.tell(bot=evil, policy=evil, refused={evil: 1})
        bot.event(what="capture", symbol=evil, side=evil, usd=1.0, latency_ms=2.0)
        bot.event(what=evil, value=evil, cause=evil)
        self.open()
        self.page.wait("document.querySelectorAll('#happenings li').length >= 2")
        self.assertEqual(self.page.run("document.querySelectorAll('main img').length"), 0)
        self.assertIn(evil, self.page.text("#subject"))
        self.quiet()

    def test_lost_and_found(self):
        port = self.server.port
        self.open()
        self.server.stop()
        self.page.wait("document.querySelector('#connection').innerText.includes('reconnecting')")
        self.assertTrue(self.page.run("document.querySelector('#burst-btn').disabled"))
        self.server = Server(port)
        self.page.wait("document.querySelector('#connection').innerText === 'Live'")

    def test_looks(self):
        bot = self.bot()
        self.open()
        bot.tell(80.0, banned=True)
        bot.event(what="miss", symbol="1000000MOGUSDT", side="SELL", usd=123456.0, cause="queue_full")
        papers = []
        for width in (1280, 768, 390, 320):
            for dark in (False, True):
                self.page.size(width, 900, dark, still=True)
                bot.tell(80.0, banned=True)
                self.page.wait("document.querySelectorAll('canvas').length === 3 && "
                               "[...document.querySelectorAll('canvas')].every(c => c.clientHeight > 90)")
                self.page.wait(f"document.documentElement.scrollWidth <= {width}")
                papers.append(self.page.run("getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(len(set(papers)), 2)
        drawn = ("[...document.querySelectorAll('canvas')].every(c => "
                 "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0))")
        self.page.wait(drawn)
        self.assertEqual(self.page.run("[...document.querySelectorAll('h1, h2, h3')].map(h => h.tagName)[0]"), "H1")
        unnamed = self.page.run("[...document.querySelectorAll('button, canvas, table')].filter(e => "
                                "!(e.getAttribute('aria-label') || e.innerText).trim()).length")
        self.assertEqual(unnamed, 0)
        self.quiet()

    def test_zz_long_stream(self):
        """Last, so that it need not wait long: a stream outlives the time in which a head must come."""
        time.sleep(max(0.0, self.begun + 11 - time.monotonic()))
        self.stream.read1()  # what came so far
        self.assertIn(b"event: stats", self.stream.read1() + self.stream.read1())


PATH = browser.find()
if __name__ == "__main__":
    if not PATH:
        print("skipped: needs chromium")
        sys.exit(77)
    unittest.main()
