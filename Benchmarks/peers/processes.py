# SPDX-License-Identifier: Apache-2.0
"""Child processes that end with the benchmark, and what they use."""
import collections
import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
Usage = collections.namedtuple("Usage", "cpu memory")


class Failure(SystemExit):
    """Ends the benchmark with a message."""

    def __init__(self, message):
        super().__init__(f"bench: {message}")


def _end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def start(command, log, environment):
    """Starts a process in a group of its own, with its output in a file. Ctrl-C reaches only the benchmark."""
    with open(log, "ab") as output:
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )


def stop(process):
    """Stops the process and the rest of its group."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run(command, environment=None, seconds=900):
    """Runs a process to its end and returns its standard output."""
    process = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
        start_new_session=True,
        preexec_fn=_end_with_parent,
    )
    try:
        output, errors = process.communicate(timeout=seconds)
    except BaseException:
        stop(process)
        raise
    if process.returncode != 0:
        raise Failure(f"{pathlib.Path(str(command[0])).name} failed: {(errors or output).strip()[-2000:]}")
    return output


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until(condition, what, process, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None:
            raise Failure(f"{what}: the process exited with {process.returncode}")
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def _stat(pid):
    """The fields of proc(5)'s stat after the name in parentheses: state, parent, …"""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _tree(pid):
    children = collections.defaultdict(list)
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                children[int(_stat(entry)[1])].append(int(entry))
    found = [pid]
    for parent in found:
        found += children[parent]
    return found


def _shared_fairly(pid):
    """The proportional set size in MiB: a page that several processes share counts once in their sum."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def usage(pid):
    """Processor seconds (with those of ended children) and MiB of a process and its descendants."""
    ticks, memory = 0, 0.0
    for member in _tree(pid):
        with contextlib.suppress(OSError):
            ticks += sum(map(int, _stat(member)[11:15]))
            memory += _shared_fairly(member)
    return Usage(ticks / TICKS, memory)
