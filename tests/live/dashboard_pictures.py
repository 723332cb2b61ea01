"""Takes the pictures of the dashboard in docs/images: `weir serve` and `weir live` run the cascade of
10 October 2025 at its own speed, under the policies weir and current. Five minutes; needs Chromium.

    python3 tests/live/dashboard_pictures.py build/release/weir docs/images
"""

import json
import pathlib
import signal
import subprocess
import sys
import time

import browser

TRACE = pathlib.Path(__file__).parents[2] / "traces/cascades/hyperliquid-2025-10-10.json"
PCT = "parseFloat(document.querySelector('#usage-pct').innerText)"
BANNED = "document.querySelector('#ban-status').innerText.startsWith('BANNED')"
CAPTURED = "Number(document.querySelector('#captured').innerText) > 40"
WAIT_S = 300

# policy, then what is waited for, what for thereafter (s), name, width, dark
RUNS = {
    "weir": [(f"{CAPTURED} && {PCT} > 20 && {PCT} < 75", 5, "normal", 1280, False),
             (f"{PCT} > 91", 0, "load", 1280, True)],
    "current": [(BANNED, 15, "banned", 1280, False), (BANNED, 0, "phone", 390, True)],
}


def take(weir, folder, page, policy, pictures):
    serve = subprocess.Popen([weir, "serve", "--port", "0", "--trace", TRACE, "--set", "bot.lead_s=15"],
                             stdout=subprocess.PIPE, text=True)
    where = json.loads(serve.stdout.readline())
    live = subprocess.Popen([weir, "live", TRACE, "--url", where["listening"], "--policy", policy,
                             "--set", "bot.lead_s=15"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        page.open(where["dashboard"])
        for condition, pause_s, name, width, dark in pictures:
            page.wait(condition, WAIT_S)
            time.sleep(pause_s)
            page.size(width, 900, dark)
            time.sleep(0.6)  # the charts take their new size
            page.picture(folder / f"dashboard-{name}.png", whole=width > 600)
    finally:
        for process in (live, serve):
            process.send_signal(signal.SIGTERM)
            process.wait()


def main():
    weir, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    page = browser.Browser(browser.find())
    try:
        for policy, pictures in RUNS.items():
            page.size(1280, 900)
            take(weir, folder, page, policy, pictures)
    finally:
        page.close()


if __name__ == "__main__":
    main()
