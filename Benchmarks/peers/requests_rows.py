# SPDX-License-Identifier: Apache-2.0
"""Requests per second of both servers, in interleaved pairs."""
import contextlib
import json
import pathlib
import statistics

import processes
from ratios import Ratio
from servers import Gunicorn, OurServer

SCRIPT = pathlib.Path(__file__).resolve().parent / "requests.lua"
#: The kinds of requests and how many times django-allauth's rate is wanted.
WANTED = {"session": 15, "log-in": 10, "sign-up": 15}
TITLES = {"session": "Session look-ups", "log-in": "Log-ins", "sign-up": "Sign-ups"}
CONNECTIONS = 16


class Load:
    """Runs wrk, which has one thread and 16 connections, and checks that every response was a success."""

    def __init__(self):
        self.runs = 0

    def measure(self, server, kind, seconds):
        self.runs += 1
        argument = f"run{self.runs}" if kind == "sign-up" else server.folder / kind
        before = server.usage()
        output = processes.run(
            ["wrk", "--threads", 1, "--connections", CONNECTIONS, "--duration", f"{seconds}s", "--timeout", "30s"]
            + ["--script", SCRIPT, server.url, "--", kind, argument]
        )
        after = server.usage()
        results = [line[len("RESULT ") :] for line in output.splitlines() if line.startswith("RESULT ")]
        if len(results) != 1:
            raise processes.Failure(f"wrk printed no result: {output.strip()}")
        result = json.loads(results[0])
        if result["failed"] or not result["count"]:
            raise processes.Failure(f"{server.name}: {result['failed']} of {result['count']} requests failed ({kind})")
        return {
            "rate": result["count"] / result["seconds"],
            # Requests in flight at the end are not counted, which at most 16 of a run are.
            "cpu": (after.cpu - before.cpu) / result["count"] * 1e6,
            "memory": after.memory,
            "median": result["median"],
            "late": result["late"],
        }


def best_shapes(bench, load, folder):
    """The fastest of gunicorn's configurations for each kind of request: all are idle but the measured one."""
    rates = {kind: {shape: [] for shape in Gunicorn.SHAPES} for kind in bench.kinds}
    with contextlib.ExitStack() as stack:
        servers = []
        for number, shape in enumerate(Gunicorn.SHAPES):
            server = Gunicorn(folder / f"shape{number}", bench.verification, shape, bench.hasher)
            servers.append(stack.enter_context(bench.running(server)))
            server.prepare(bench.users)
        for kind in bench.kinds:
            for server in servers * bench.trials:
                rates[kind][server.shape].append(load.measure(server, kind, bench.seconds)["rate"])
            for server in servers:
                rate = statistics.median(rates[kind][server.shape])
                bench.tell(f"{kind}, {server.description}: {rate:.0f}/s")
    return {kind: max(found, key=lambda shape: statistics.median(found[shape])) for kind, found in rates.items()}


def measure(bench):
    """A report for each kind of request."""
    load = Load()
    folder = bench.folder / "requests"
    shapes = best_shapes(bench, load, folder)
    reports = []
    with bench.running(OurServer(folder / "ours", bench.verification, bench.server, bench.broker_url)) as ours:
        ours.prepare(bench.users)
        for kind in bench.kinds:
            peer = Gunicorn(folder / f"peer-{kind}", bench.verification, shapes[kind], bench.hasher)
            with bench.running(peer):
                peer.prepare(bench.users)
                for server in (ours, peer):
                    load.measure(server, kind, 1)
                results = ([], [])
                for pair in range(bench.pairs):
                    for server, side in ((ours, results[0]), (peer, results[1])):
                        side.append(load.measure(server, kind, bench.seconds))
                    bench.tell(f"{kind}, pair {pair + 1}: {results[0][-1]['rate'] / results[1][-1]['rate']:.2f}×")
            ratio = Ratio([run["rate"] for run in results[0]], [run["rate"] for run in results[1]])
            sides = [(ours.description, results[0]), (peer.description, results[1])]
            reports.append(bench.report(TITLES[kind], sides, [ratio], WANTED[kind]))
    return reports
