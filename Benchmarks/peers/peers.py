# SPDX-License-Identifier: Apache-2.0
"""Started by Scripts/bench peers: measures both sides, prints the table, and stops everything that it started."""
import argparse
import contextlib
import importlib.metadata
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

import messages_rows
import processes
import requests_rows
from ratios import short, table

ROOT = pathlib.Path(__file__).resolve().parents[2]
MD5 = "django.contrib.auth.hashers.MD5PasswordHasher"
PACKAGES = ("Django", "django-allauth", "gunicorn", "pika", "aio-pika")


class Bench:
    def __init__(self, options, build, folder):
        self.folder = folder
        self.server, self.program = build / "auth-signals", build / "auth-bench"
        self.broker_url = None
        self.hasher = MD5 if options.md5 else None
        self.verification = "optional" if options.mail else "none"
        quick = options.quick
        self.pairs = options.pairs or (3 if quick else 9)
        self.seconds, self.trials, self.users = (2, 1, 20) if quick else (5, 3, 100)
        self.messages = 5_000 if quick else 30_000
        self.kinds = [kind for kind in requests_rows.WANTED if kind in options.rows]

    @staticmethod
    def tell(text):
        print(text, file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def running(self, server):
        try:
            server.start()
            yield server
        finally:
            server.stop()

    @contextlib.contextmanager
    def temporary_folder(self):
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            yield pathlib.Path(folder)

    @contextlib.contextmanager
    def broker(self):
        """A private RabbitMQ node, in a session of its own."""
        script, folder = ROOT / "Scripts/rabbitmq", self.folder / "broker"
        try:
            processes.run([script, "start", folder], dict(os.environ))
            text = (folder / "env").read_text()
            self.broker_url = next(
                line.split("=", 1)[1] for line in text.splitlines() if line.startswith("BROKER_URL=")
            ).strip("'\"")
            yield
        finally:
            self.broker_url = None
            if (folder / "env").exists():
                subprocess.run([script, "stop", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @staticmethod
    def report(title, sides, ratios, wanted):
        def median(runs, key):
            values = [run[key] for run in runs if run[key] is not None]
            return statistics.median(values) if values else None

        keys = ("rate", "cpu", "memory", "median", "late")
        return {
            "title": title,
            "wanted": wanted,
            "sides": [{"name": name, **{key: median(runs, key) for key in keys}} for name, runs in sides],
            "ratios": [ratio.json() for ratio in ratios],
            "checks": [(ratio.text(), ratio.verdict(wanted) if wanted else "") for ratio in ratios],
        }


def printed(reports):
    rows = [["measure", "side", "rate /s", "CPU µs", "MiB", "median ms", "p99 ms", "wanted", "ours to this", ""]]
    for report in reports:
        for index, side in enumerate(report["sides"]):
            check = report["checks"][index - 1] if index else ("", "")
            wanted = f"≥ {report['wanted']}×" if index and report["wanted"] else ""
            numbers = [short(side[key]) for key in ("rate", "cpu", "memory", "median", "late")]
            rows.append([report["title"] if index == 0 else "", side["name"], *numbers, wanted, *check])
    return table(rows)


def load_now():
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def machine(load):
    model = next(
        (line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    return {
        "processor": f"{os.cpu_count()} × {model}",
        "load": f"load {load} before, {load_now()} after",
        "versions": f"Python {platform.python_version()}, {versions}",
    }


def measured(bench, options):
    reports = []
    if bench.kinds:
        with bench.broker() if options.relay else contextlib.nullcontext():
            reports += requests_rows.measure(bench)
    if "messages" in options.rows:
        with bench.broker():
            reports += messages_rows.measure(bench)
    return reports


def main():
    every = [*requests_rows.WANTED, "messages"]
    parser = argparse.ArgumentParser(
        prog="Scripts/bench peers", description="Measure django-allauth, pika and aio-pika beside this project."
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(every)}; by default all")
    parser.add_argument("--quick", action="store_true", help="three short pairs instead of nine")
    parser.add_argument("--pairs", type=int, help="the number of pairs")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--mail", action="store_true", help="sign-ups and log-ins send a mail to confirm the address")
    parser.add_argument("--md5", action="store_true", help="Django hashes with MD5, which is cheaper than scrypt")
    parser.add_argument("--relay", action="store_true", help="signals are also published meanwhile, to a broker")
    options = parser.parse_args()
    options.rows = options.rows or every
    if unknown := set(options.rows) - set(every):
        parser.error(f"unknown row: {', '.join(sorted(unknown))}")
    if options.pairs is not None and options.pairs < 1:
        parser.error("--pairs must be at least 1")
    load = load_now()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-peers."))
    try:
        reports = measured(Bench(options, pathlib.Path(os.environ["BUILD_FOLDER"]).resolve(), folder), options)
    finally:
        # A second Ctrl-C does not interrupt the cleanup; the servers have been stopped by now.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        shutil.rmtree(folder, ignore_errors=True)
    facts = machine(load)
    if options.json:
        print(json.dumps({"machine": facts, "rows": reports}, indent=2, ensure_ascii=False))
        return
    for fact in facts.values():
        print(f"* {fact}")
    print(f"\n{printed(reports)}")


def end(number, _):
    # The first signal ends the benchmark; later ones are ignored, so that its cleanup is not interrupted.
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    raise SystemExit(128 + number)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    main()
