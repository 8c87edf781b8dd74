# SPDX-License-Identifier: Apache-2.0
"""Both HTTP servers, set up alike: the same scrypt parameters, SQLite with a sync for each commit, no rate limits."""
import http.client
import json
import os
import pathlib
import sys

import processes

HERE = pathlib.Path(__file__).resolve().parent
PASSWORD = "correct horse 17 battery"
PATH = "/_allauth/app/v1/auth/"


class Server:
    """A server with a store in its folder, which a start after a stop continues to use."""

    def __init__(self, folder, verification):
        self.folder = folder
        self.verification = verification
        self.process = None
        self.port = 0
        folder.mkdir(parents=True, exist_ok=True)

    def stop(self):
        if self.process:
            processes.stop(self.process)
            self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def usage(self):
        return processes.usage(self.process.pid)

    def post(self, path, body, expected=200):
        return self.call("POST", path, {"Content-Type": "application/json"}, json.dumps(body), expected)

    def call(self, method, path, headers, body=None, expected=200):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, PATH + path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        if response.status != expected:
            raise processes.Failure(f"{self.name}: {method} {path} was answered {response.status}: {text[:500]}")
        return json.loads(text)

    def is_answering(self):
        try:
            return bool(self.call("GET", "session", {}, expected=401))
        except OSError:
            return False

    def prepare(self, users):
        """Signs users up, and writes the addresses and session tokens for the load generator."""
        emails, tokens = [], []
        for number in range(users):
            emails.append(f"user{number}@example.org")
            signed_up = self.post("signup", {"email": emails[-1], "password": PASSWORD})
            logged_in = self.post("login", {"email": emails[-1], "password": PASSWORD})
            token = logged_in["meta"]["session_token"]
            found = self.call("GET", "session", {"X-Session-Token": token})
            for answer in (signed_up, logged_in, found):
                if not answer["meta"]["is_authenticated"] or answer["data"]["user"]["email"] != emails[-1]:
                    raise processes.Failure(f"{self.name}: unexpected response {answer}")
            tokens.append(token)
        (self.folder / "log-in").write_text("".join(f"{email}\n" for email in emails))
        (self.folder / "session").write_text("".join(f"{token}\n" for token in tokens))


class OurServer(Server):
    """`auth-signals serve`. Signals are written to the outbox; they are published only with a broker."""

    name = "auth-signals"

    def __init__(self, folder, verification, program, broker_url=None):
        super().__init__(folder, verification)
        self.program = program
        self.broker_url = broker_url
        self.description = "auth-signals serve, " + ("relay on" if broker_url else "relay off")

    def start(self):
        ready = self.folder / "port"
        ready.unlink(missing_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "SIGNALS_SOURCE": "http://peers.localhost",
            "STORE_URL": f"sqlite:{self.folder}/store.sqlite",
            "MAIL_URL": "log:",
            "MAIL_FROM": "accounts@peers.localhost",
            "HTTP_HOST": "127.0.0.1",
            "HTTP_PORT": "0",
            "LOG_LEVEL": "error",
            "ACCOUNT_EMAIL_VERIFICATION": self.verification,
            "ACCOUNT_RATE_LIMITS": "false",
            "PASSWORD_SCRYPT_COST": "1024",
        }
        if self.broker_url:
            environment["BROKER_URL"] = self.broker_url
        option = "--relay" if self.broker_url else "--no-relay"
        self.process = processes.start(
            [self.program, "serve", option, "--port-file", ready], self.folder / "log", environment
        )
        processes.wait_until(lambda: ready.exists() and ready.read_text().strip(), self.name, self.process)
        self.port = int(ready.read_text())
        processes.wait_until(self.is_answering, self.name, self.process)


class Gunicorn(Server):
    """django-allauth's headless API; `shape` is the number of workers and of threads of each."""

    name = "django-allauth"
    #: One worker a core, one more, and threads, with and without one transaction for each request.
    SHAPES = [(2, 1, False), (3, 1, False), (2, 4, False), (2, 1, True), (2, 4, True)]

    def __init__(self, folder, verification, shape, hasher=None):
        super().__init__(folder, verification)
        self.shape = shape
        workers, threads, atomic = shape
        self.description = f"gunicorn, {workers} workers" + (f" × {threads} threads" if threads > 1 else "")
        self.description += ", ATOMIC_REQUESTS" if atomic else ""
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(HERE / "site"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DJANGO_SETTINGS_MODULE": "peer_settings",
            "PEER_DATABASE": str(folder / "store.sqlite"),
            "PEER_ATOMIC": "yes" if atomic else "no",
            "ACCOUNT_EMAIL_VERIFICATION": verification,
        }
        if hasher:
            self.environment["PEER_HASHER"] = hasher

    def start(self):
        if not (self.folder / "store.sqlite").exists():
            processes.run([sys.executable, "-m", "django", "migrate", "-v", "0"], self.environment)
        workers, threads, _ = self.shape
        kind = ["--worker-class", "gthread", "--threads", threads] if threads > 1 else []
        self.port = processes.free_port()
        self.process = processes.start(
            [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", "--workers", workers, *kind]
            + ["--worker-tmp-dir", self.folder, "--preload", "--log-level", "error", "peer_wsgi"],
            self.folder / "log",
            self.environment,
        )
        processes.wait_until(self.is_answering, self.name, self.process)
