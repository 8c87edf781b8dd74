# SPDX-License-Identifier: Apache-2.0
"""Messages per second of pika and aio-pika beside the relay and the dispatcher, one process after the other."""
import json
import pathlib
import sys
import time

import processes
from ratios import Ratio

CLIENTS = pathlib.Path(__file__).resolve().parent / "clients.py"
QUEUE = "bench"


class Jobs:
    """Runs each measurement in its own process, against one broker and one quorum queue."""

    def __init__(self, bench):
        self.bench = bench
        self.runs = int(time.time() * 10) % 100_000_000

    def ours(self, kind, **fields):
        """A job of auth-bench. `Job.swift` describes the fields; those that are absent have their defaults."""
        self.runs += 1
        job = {
            "kind": kind,
            "run": self.runs,
            "count": self.bench.messages,
            "brokerURL": self.bench.broker_url,
            "queue": QUEUE,
        }
        return self.outcome(processes.run([self.bench.program, "job", json.dumps(job | fields)]))

    def peer(self, kind, count=None):
        command = [sys.executable, CLIENTS, kind, self.bench.broker_url, QUEUE, count or self.bench.messages]
        return self.outcome(processes.run(command))

    @staticmethod
    def outcome(text):
        result = json.loads(text)
        if not result["count"]:
            return None  # a preparation
        memory = result["memory"]
        return {
            "rate": result["count"] / result["seconds"],
            "cpu": result["cpu"] / result["count"] * 1e6,
            "memory": max(memory) if memory else None,
            "median": None,
            "late": None,
        }

    def empty(self):
        self.ours("prepare", count=0)

    def relay(self):
        self.empty()
        with self.bench.temporary_folder() as folder:
            self.ours("fill", folder=str(folder))
            return self.ours("relay", folder=str(folder))

    def dispatch(self):
        self.fill()
        return self.ours("dispatch")

    def fill(self):
        self.empty()
        self.ours("barePublish")

    def publish(self, kind, count=None):
        self.empty()
        return self.peer(kind, count)

    def consume(self, kind):
        self.fill()
        return self.peer(kind)


def measure(bench):
    """A report for publishing and one for consuming: ratios of our side to each other one."""
    jobs = Jobs(bench)
    publishers = {
        "relay, from the SQLite outbox": jobs.relay,
        "aio-pika, 256 unconfirmed": lambda: jobs.publish("publish_aio_pika"),
        "pika SelectConnection, 256 unconfirmed": lambda: jobs.publish("publish_pika_window"),
        "pika BlockingConnection, one by one": lambda: jobs.publish("publish_pika_blocking", bench.messages // 10),
    }
    consumers = {
        "dispatcher": jobs.dispatch,
        "aio-pika": lambda: jobs.consume("consume_aio_pika"),
        "pika BlockingConnection": lambda: jobs.consume("consume_pika"),
    }
    reports = []
    for title, sides in (("Publishing with confirms", publishers), ("Consuming with acknowledgements", consumers)):
        results = {name: [] for name in sides}
        for round in range(bench.pairs):
            for name, side in sides.items():
                results[name].append(side())
            rates = ", ".join(f"{runs[-1]['rate']:.0f}" for runs in results.values())
            bench.tell(f"{title.lower()}, round {round + 1}: {rates} per second")
        rates = [[run["rate"] for run in runs] for runs in results.values()]
        reports.append(
            bench.report(title, list(results.items()), [Ratio(rates[0], other) for other in rates[1:]], None)
        )
    return reports
