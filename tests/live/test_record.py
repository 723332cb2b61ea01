#!/usr/bin/env python3
"""weir record against weir serve: kills, a server that restarts or falls silent, TLS, bad addresses.

usage: test_record.py WEIR TRACE
"""

import datetime
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

WEIR = TRACE = ""
PATIENCE_S = 20.0


def day():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")


def await_other_day_over():
    """Files are named by the day: no test may see two of them."""
    now = datetime.datetime.now(datetime.timezone.utc)
    if (now.hour, now.minute) == (23, 59) and now.second >= 20:
        time.sleep(60.5 - now.second)


class Serve:
    """A `weir serve`."""

    def __init__(self, port, trace):
        self.process = subprocess.Popen([WEIR, "serve", "--port", str(port), *trace],
                                        stdout=subprocess.PIPE)
        self.port = json.loads(self.process.stdout.readline())["port"]

    def stop(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()


class Record:
    """A `weir record`, and what it tells."""

    def __init__(self, url, out, *more):
        self.told = []
        self.news = threading.Condition()
        self.process = subprocess.Popen([WEIR, "record", url, "-o", out, *more],
                                        stderr=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stderr:
            with self.news:
                self.told.append(line)
                self.news.notify_all()

    def await_word(self, word, times=1):
        with self.news:
            if not self.news.wait_for(
                    lambda: sum(word in line for line in self.told) >= times, PATIENCE_S):
                raise AssertionError(f"was not told {times} times: {word}; but {self.told}")

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        code = self.process.wait(PATIENCE_S)
        self.thread.join(PATIENCE_S)
        self.process.stderr.close()
        return code


class TlsFront:
    """Ends TLS in front of a port, for one connection after the other."""

    def __init__(self, folder, port):
        self.certificate = os.path.join(folder, "certificate.pem")
        key = os.path.join(folder, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
             self.certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)
        self.back = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                front = self.context.wrap_socket(self.listener.accept()[0], server_side=True)
            except ssl.SSLError:
                continue
            except OSError:
                return
            back = socket.create_connection(("127.0.0.1", self.back))
            back.sendall(front.recv(65536))  # the upgrade is all that the client says
            threading.Thread(target=self.copy, args=(back, front), daemon=True).start()

    @staticmethod
    def copy(back, front):
        try:
            while data := back.recv(65536):
                front.sendall(data)
        except OSError:
            pass


class RecordTest(unittest.TestCase):
    def setUp(self):
        await_other_day_over()
        self.folder = tempfile.mkdtemp(prefix="weir_record_")
        self.out = os.path.join(self.folder, "feed.jsonl.zst")
        self.file = os.path.join(self.folder, f"feed-{day()}.jsonl.zst")
        self.servers = []
        self.recorders = []

    def tearDown(self):
        for recorder in self.recorders:
            if recorder.process.poll() is None:
                recorder.stop(signal.SIGKILL)
        for server in self.servers:
            if server.process.poll() is None:
                server.process.send_signal(signal.SIGCONT)
                server.stop()
        shutil.rmtree(self.folder)

    def serve(self, port=0, trace=None):
        """A server; its cascade, if it is not another one, begins soon and is quick."""
        cascade = ["--trace", TRACE, "--speed", "60", "--set", "bot.lead_s=0.3"]
        self.servers.append(Serve(port, cascade if trace is None else trace))
        return self.servers[-1]

    def record(self, *arguments):
        self.recorders.append(Record(*arguments))
        return self.recorders[-1]

    def info(self):
        out = subprocess.run([WEIR, "trace", "info", "--format", "json", self.file],
                             check=True, capture_output=True, timeout=PATIENCE_S)
        return json.loads(out.stdout)

    def lines(self):
        out = subprocess.run(["zstd", "-dc", self.file], check=True, capture_output=True)
        return [json.loads(line) for line in out.stdout.splitlines()]

    def await_liquidations(self, least):
        """Waits until that many are on the disk; returns how many."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            done = subprocess.run([WEIR, "trace", "info", "--format", "json", self.file],
                                  capture_output=True, timeout=PATIENCE_S, check=False)
            if done.returncode == 0 and json.loads(done.stdout)["liquidations"] >= least:
                return json.loads(done.stdout)["liquidations"]
            time.sleep(0.1)
        raise AssertionError(f"fewer than {least} liquidations were recorded")

    def test_records_what_replay_reads(self):
        server = self.serve()
        record = self.record(f"ws://127.0.0.1:{server.port}/stream?streams=!forceOrder@arr", self.out,
                        "--for", "2")
        self.assertEqual(record.wait(), 0)
        info = self.info()
        self.assertGreater(info["liquidations"], 10)
        self.assertNotIn("recording_gaps", info)
        self.assertIn(f"liquidations: {info['liquidations']};", record.told[-1])
        lines = self.lines()
        self.assertEqual(lines[0]["weir"], "recording")
        self.assertEqual(lines[-1]["weir"], "end")
        self.assertTrue(all("received_ms" in line for line in lines if "weir" not in line))
        csv = os.path.join(self.folder, "feed.csv")
        subprocess.run([WEIR, "trace", "convert", self.file, "-o", csv], check=True)
        subprocess.run([WEIR, "replay", self.file, "--policy", "fixed-window"], check=True,
                       capture_output=True)

    def test_signals(self):
        server = self.serve()
        for number in (signal.SIGINT, signal.SIGTERM):
            record = self.record(f"ws://127.0.0.1:{server.port}/ws/!forceOrder@arr", self.out)
            record.await_word("connected")
            self.assertEqual(record.stop(number), 128 + number)
        self.assertEqual(self.lines()[-1]["why"], "SIGTERM")

    def test_killed_and_cut(self):
        """kill -9 loses at most the last second; a frame without its end is cut off."""
        server = self.serve()
        url = f"ws://127.0.0.1:{server.port}"
        record = self.record(url, self.out)
        at_least = self.await_liquidations(10)
        record.stop(signal.SIGKILL)
        killed_s = time.time()
        self.assertGreaterEqual(self.info()["liquidations"], at_least)
        last_s = max(line.get("received_ms", 0) for line in self.lines()) / 1000.0
        self.assertLess(killed_s - last_s, 2.0)
        os.truncate(self.file, os.path.getsize(self.file) - 3)
        self.assertEqual(self.info()["cut_files"], 1)
        before = self.info()["liquidations"]
        record = self.record(url, self.out)
        record.await_word("a frame without its end")
        record.await_word("nobody recorded")
        self.await_liquidations(before + 5)
        record.stop()
        info = self.info()
        self.assertNotIn("cut_files", info)
        self.assertEqual(info["recording_gaps"]["count"], 1)
        self.assertEqual(info["recording_gaps"]["longest"][0]["why"], "nobody recorded")

    def test_server_restarts(self):
        server = self.serve()
        record = self.record(f"ws://127.0.0.1:{server.port}", self.out)
        self.await_liquidations(5)
        server.stop()
        record.await_word("next attempt", 2)
        server = self.serve(server.port)
        record.await_word("connected to", 2)
        self.assertEqual(record.stop(), 130)
        gaps = self.info()["recording_gaps"]
        self.assertEqual(gaps["count"], 1)
        self.assertLess(gaps["total_s"], PATIENCE_S)

    def test_server_falls_silent(self):
        server = self.serve()
        record = self.record(f"ws://127.0.0.1:{server.port}", self.out, "--silence", "1")
        self.await_liquidations(5)
        server.process.send_signal(signal.SIGSTOP)
        record.await_word("nothing was heard")
        server.process.send_signal(signal.SIGCONT)
        record.await_word("connected to", 2)
        self.assertEqual(record.stop(), 130)
        gaps = self.info()["recording_gaps"]
        self.assertEqual(gaps["count"], 1)
        self.assertGreater(gaps["total_s"], 0.9)

    def test_pings_keep_a_quiet_stream(self):
        quiet = self.serve(0, [])
        record = self.record(f"ws://127.0.0.1:{quiet.port}", self.out, "--silence", "1.2", "--for",
                             "3")
        self.assertEqual(record.wait(), 0)
        self.assertFalse([line for line in record.told if "next attempt" in line])

    def test_tls(self):
        if not shutil.which("openssl"):
            self.skipTest("openssl is missing")
        server = self.serve()
        front = TlsFront(self.folder, server.port)
        url = f"wss://localhost:{front.port}/ws/!forceOrder@arr"
        record = self.record(url, self.out)
        self.assertEqual(record.wait(), 1)
        self.assertIn("not trusted: self-signed certificate", record.told[-1])
        record = self.record(f"wss://127.0.0.1:{front.port}", self.out, "--ca", front.certificate)
        self.assertEqual(record.wait(), 1)
        self.assertIn("not trusted: ", record.told[-1])
        record = self.record(url, self.out, "--ca", front.certificate, "--for", "2")
        self.assertEqual(record.wait(), 0)
        self.assertGreater(self.info()["liquidations"], 5)
        front.listener.close()

    def test_refusals(self):
        server = self.serve()
        free = socket.create_server(("127.0.0.1", 0))
        nobody = free.getsockname()[1]
        free.close()
        here = f"ws://127.0.0.1:{server.port}"
        for url, out, code, words in (
                (f"ws://127.0.0.1:{nobody}", self.out, 1, "nobody listens there"),
                (here + "/elsewhere", self.out, 1, "answered HTTP 404"),
                (f"wss://127.0.0.1:{server.port}", self.out, 1, "TLS handshake failed"),
                ("ws://no.such.host.invalid", self.out, 1, "no connection to no.such.host.invalid"),
                ("http://127.0.0.1/ws", self.out, 2, "neither ws:// nor wss://"),
                ("ws://127.0.0.1:99999", self.out, 2, "port"),
                ("ws://me@host/ws", self.out, 2, "user name"),
                ("ws:///ws", self.out, 2, "no host"),
                (here, os.path.join(self.folder, "feed.csv"), 2, "ends in .zst"),
                (here, os.path.join(self.folder, "none", "feed.zst"), 1, "No such file")):
            with self.subTest(url=url, out=out):
                record = self.record(url, out)
                self.assertEqual(record.wait(), code)
                self.assertIn(words, "".join(record.told))
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    WEIR, TRACE = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1], verbosity=2)
