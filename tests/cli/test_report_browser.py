"""The report in headless Chromium: headings in order, every figure drawn and named, nothing wider
than the screen, no message on the console, no request to anywhere; at two widths and in both colour
schemes. Without Chromium or gnuplot the test is skipped."""
import html.parser
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

WIDTHS = (390, 1280)

PROBE = """<!DOCTYPE html><body style="margin:0"><script>
addEventListener("load", () => {
  const found = [];
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, root = page.documentElement;
    const pictures = [...page.querySelectorAll("figure svg")];
    const shown = pictures.filter(p => p.getBoundingClientRect().width > 0);
    found.push({
      width: frame.clientWidth, scroll: root.scrollWidth, figures: page.querySelectorAll("figure").length,
      shown: shown.length, flat: shown.filter(p => p.getBoundingClientRect().height < 40).length,
      empty: shown.filter(p => p.querySelectorAll("path,polygon,rect,use,circle").length < 2).length,
      unnamed: pictures.filter(p => p.getAttribute("aria-labelledby").split(" ").some(
        id => !page.getElementById(id) || !page.getElementById(id).textContent)).length,
      paper: frame.contentWindow.getComputedStyle(page.body).backgroundColor,
      ink: frame.contentWindow.getComputedStyle(page.body).color,
    });
  }
  const answer = document.createElement("pre");
  answer.id = "answer";
  answer.textContent = JSON.stringify(found);
  document.body.append(answer);
});
</script>"""


class Structure(html.parser.HTMLParser):
    """Headings, ids and what tables and pictures must have."""

    def __init__(self, text):
        super().__init__()
        self.headings, self.ids, self.outside = [], [], []
        self.tables = self.captions = self.scopes = self.heads = 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if "id" in values:
            self.ids.append(values["id"])
        for key in ("href", "src", "xlink:href", "action"):
            if not values.get(key, "#").startswith(("#", "data:,")):
                self.outside.append(values[key])
        self.tables += tag == "table"
        self.captions += tag == "caption"
        self.heads += tag == "th"
        self.scopes += tag == "th" and "scope" in values


def check_structure(text):
    page = Structure(text)
    assert page.headings[0] == 1 and page.headings.count(1) == 1, page.headings
    for above, below in zip(page.headings, page.headings[1:]):
        assert below <= above + 1, f"a heading of level {below} follows one of level {above}"
    assert len(page.ids) == len(set(page.ids)), "two elements share an id"
    assert not page.outside, page.outside
    assert page.tables == page.captions > 0, "a table without caption"
    assert page.heads == page.scopes, "a table head without scope"
    assert len(text.encode()) < 3 << 20, "3 MiB and more"


def look(browser, folder, pages, dark):
    """What the browser sees of each page, at each width; its console; its requests."""
    frames = "".join(f'<iframe src="{page.name}" style="width:{width}px;height:600px;border:0"></iframe>'
                     for page in pages for width in WIDTHS)
    (folder / "probe.html").write_text(PROBE + frames)
    log = folder / "net.json"
    run = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update", "--no-first-run",
         "--allow-file-access-from-files", f"--user-data-dir={folder / 'profile'}",
         f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--enable-logging=stderr",
         "--window-size=1400,900", f"--log-net-log={log}", "--virtual-time-budget=4000", "--dump-dom",
         (folder / "probe.html").as_uri()],
        capture_output=True, text=True, timeout=120, check=False)
    answer = re.search(r'<pre id="answer">(.*?)</pre>', run.stdout, re.S)
    assert answer, run.stderr[-2000:]
    console = [line for line in run.stderr.splitlines() if ":CONSOLE" in line]
    # what the browser asks for on its own account belongs to no page
    requests = re.findall(r'"network_isolation_key":"file:.{0,900}?"url":"((?:https?|wss?)://[^"]*)"',
                          log.read_text(errors="replace"))
    return json.loads(html.unescape(answer.group(1))), console, requests


def check_pages(browser, folder, pages):
    papers = []
    for dark in (False, True):
        found, console, requests = look(browser, folder, pages, dark)
        assert not console, console
        assert not requests, requests
        assert len(found) == len(pages) * len(WIDTHS)
        for seen in found:
            assert seen["scroll"] <= seen["width"], f"wider than the screen: {seen}"
            assert seen["shown"] == seen["figures"] > 0, f"not every figure is drawn: {seen}"
            assert seen["flat"] == seen["empty"] == seen["unnamed"] == 0, seen
            assert seen["paper"] != seen["ink"], seen
        papers.append(found[0]["paper"])
    assert papers[0] != papers[1], f"light and dark look alike: {papers}"


def main():
    weir, source = sys.argv[1], pathlib.Path(sys.argv[2])
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not browser or not shutil.which("gnuplot"):
        print("skipped: needs chromium and gnuplot")
        return 77

    def run(*arguments):
        subprocess.run([weir, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        cascade = source / "traces/cascades/hyperliquid-2025-10-10.json"
        slack = source / "traces/cascades/binance-2025-01-27.json"
        run("replay", cascade, "--policy", "current,weir", "--out", folder / "replays")
        run("compare", slack, "--policies", "current,fixed-window,weir", "--replications", "2",
            "--out", folder / "compared")
        run("tune", slack, "--param", "limiter.*.buffer=0:0.1:0.05", "--param",
            "limiter.*.reserve=0:0.2:0.1", "--replications", "2", "--fresh", "2",
            "--out", folder / "study")
        results = {"replay": ["replays/weir"], "both": ["replays/current", "replays/weir"],
                   "compared": ["compared"], "study": ["study"]}
        pages = []
        for page, inputs in results.items():
            pages.append(folder / f"{page}.html")
            run("report", *(folder / one for one in inputs), "-o", pages[-1])
            check_structure(pages[-1].read_text())
        check_pages(browser, folder, pages)
    return 0


if __name__ == "__main__":
    sys.exit(main())
