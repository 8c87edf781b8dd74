# SPDX-License-Identifier: Apache-2.0
"""Started by Scripts/interop: runs every subscriber against one broker, checks what each did, prints the table."""
import collections, contextlib, http.server, json, os, pathlib, re, shutil, signal, subprocess, sys, tempfile
import threading, time, urllib.error, urllib.request

import pika

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD, TOOLS = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
EXAMPLES = ROOT / "Examples/subscribers"
SCHEMAS = pathlib.Path(os.environ.get("SCHEMAS", ROOT / "docs/contract/schemas"))
JARS = ":".join(f"/usr/share/java/{name}.jar" for name in ("amqp-client", "gson", "slf4j-api", "slf4j-nop"))
FAILING = "account.user_signed_up"  # its first attempt fails


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def package(name):
    return re.split(r"[-+~]", output("dpkg-query", "-W", "-f", "${Version}", name).split(":")[-1])[0]


def version(*command):
    found = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    return re.search(r"\d+\.\d+(\.\d+)?", found).group()


def wait(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"interop: not within {seconds} s: {what()}")
        time.sleep(0.1)


class Process:
    """A child whose output is in files; it is stopped when the run ends."""

    def __init__(self, folder, name, command, environment):
        self.name, self.log, self.out = name, folder / f"{name}.log", folder / f"{name}.out"
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder)} | environment
        with open(self.out, "w") as out, open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stdout=out, stderr=log, env=environment, cwd=folder)

    def lines(self):
        return self.out.read_text().splitlines()

    def stop(self):
        """Returns the exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "no exit within 20 s of SIGTERM"


class Example(Process):
    """A subscriber of Examples/subscribers: its output has a line for each message."""

    def __init__(self, folder, queue, command, environment):
        self.queue = queue
        environment = environment | {"QUEUE": queue, "DONE_FILE": str(folder / f"{queue}.done"), "FAIL_FIRST": FAILING}
        super().__init__(folder, queue, command, environment)

    def connections(self):
        return self.lines().count("ready")

    def counts(self):
        words = [line.split() for line in self.lines()]
        kinds = collections.Counter(line[0] for line in words)
        dead = sum(line[:2] == ["republished", "dead"] for line in words)
        return {"handled": kinds["handled"], "duplicates": kinds["duplicate"],
                "retried": kinds["republished"] - dead, "dead": dead}


class Worker(Process):
    """auth-consumer with its webhook handler: its metrics have the counts."""

    def __init__(self, folder, queue, receiver, environment):
        self.queue, self.port = queue, folder / "worker-port"
        super().__init__(
            folder, queue,
            [BUILD / "auth-consumer", "--queue", queue, "--bind", "account.#", "--no-log", "--port-file", self.port],
            environment | {"METRICS_PORT": "0", "INBOX_URL": f"sqlite:{folder}/inbox.sqlite", "LOG_LEVEL": "notice",
                           "CONSUMER_WEBHOOK_URL": receiver, "CONSUMER_WEBHOOK_SECRET": "whsec_" + "AAAA" * 8})
        self.was_ready, self.times = False, 0

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port.read_text().strip()}{path}", timeout=5) as answer:
                return answer.read().decode()
        except (OSError, ValueError):
            return None

    def connections(self):
        is_ready = self.get("/readyz") is not None
        self.times += is_ready and not self.was_ready
        self.was_ready = is_ready
        return self.times

    def counts(self):
        page = self.get("/metrics") or ""
        total = lambda name: int(sum(
            float(line.split()[-1]) for line in page.splitlines() if line.startswith(f"auth_signals_{name}_total")))
        return {"handled": total("handled"), "duplicates": total("duplicates_dropped"),
                "retried": total("retried"), "dead": total("dead")}


@contextlib.contextmanager
def webhook():
    """A receiver that fails the first attempt, as the examples' handlers do."""
    seen = set()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            event = json.loads(self.rfile.read(int(self.headers["content-length"])))
            fails = event["type"] == FAILING and event["id"] not in seen
            seen.add(event["id"])
            self.send_response(500 if fails else 204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


class Broker:
    """A private node, and a queue that receives a copy of every signal."""

    def __init__(self, folder):
        self.folder, self.events = folder / "broker", {}
        self.start()

    def start(self):
        text = output(ROOT / "Scripts/rabbitmq", "start", self.folder)
        self.url = re.search(r"^BROKER_URL=(.*)$", text, re.M).group(1)

    def stop(self):
        subprocess.run([ROOT / "Scripts/rabbitmq", "stop", self.folder], check=True)

    @contextlib.contextmanager
    def channel(self):
        with pika.BlockingConnection(pika.URLParameters(self.url)) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            yield channel

    def publish(self, body, type, id):
        properties = pika.BasicProperties(
            content_type="application/cloudevents+json", delivery_mode=2, message_id=id, type=type)
        with self.channel() as channel:
            channel.basic_publish("auth.signals", type, body, properties, mandatory=True)

    def collect(self):
        """The signals that were published so far: id to type and body."""
        with self.channel() as channel:
            channel.queue_declare("probe", durable=True, arguments={"x-queue-type": "quorum"})
            channel.queue_bind("probe", "auth.signals", "account.#")
            while (message := channel.basic_get("probe", auto_ack=True))[0] is not None:
                _, properties, body = message
                if properties.app_id:
                    self.events[properties.message_id] = (properties.type, body)
        return self.events


class Server:
    """auth-signals serve and auth-signals relay, on one store."""

    def __init__(self, folder, environment):
        self.environment = environment | {
            "STORE_URL": f"sqlite:{folder}/auth.sqlite", "MAIL_URL": f"file:{folder}/mail", "HTTP_HOST": "127.0.0.1",
            "MAIL_FROM": "accounts@interop.test", "HTTP_PORT": "0", "METRICS_PORT": "0", "LOG_LEVEL": "notice",
            "PASSWORD_SCRYPT_COST": "1024", "ACCOUNT_RATE_LIMITS": "false"}
        self.port = folder / "port"
        program = BUILD / "auth-signals"
        self.serve = Process(folder, "serve", [program, "serve", "--no-relay", "--port-file", self.port], self.environment)
        wait(lambda: self.serve.log.read_text(), lambda: self.port.exists() and self.port.read_text().strip())
        self.relay = Process(folder, "relay", [program, "relay"], self.environment)

    def operate(self, *arguments):
        environment = {"PATH": os.environ["PATH"]} | self.environment
        return subprocess.run([BUILD / "auth-signals", *arguments], env=environment, capture_output=True, text=True)

    def call(self, method, path, body=None, token=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port.read_text().strip()}/_allauth/app/v1{path}", method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"Content-Type": "application/json"} | ({"X-Session-Token": token} if token else {}))
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def sign_up(self, name):
        """Signs a user up and out again."""
        user = {"email": f"{name}@example.org", "password": "correct-horse-battery"}
        self.call("DELETE", "/auth/session", token=self.call("POST", "/auth/signup", user)["meta"]["session_token"])

    def pending(self):
        return json.loads(self.operate("outbox", "status", "--json").stdout)["pending"]


def subscribers(folder, receiver, environment):
    """Language, client, and the running subscriber."""
    run = lambda language, *command, **own: Example(folder, f"interop-{language}", command, environment | own)
    rabbit = package("librabbitmq-dev")
    return [
        (f"Python {version(TOOLS / 'bin/python3', '--version')}", f"pika {package('python3-pika')}",
         run("python", TOOLS / "bin/python3", "-B", EXAMPLES / "python/subscriber.py", SCHEMAS=str(SCHEMAS))),
        (f"Go {version('go', 'version')}", f"amqp091-go {package('golang-github-rabbitmq-amqp091-go-dev')}",
         run("go", TOOLS / "go-subscriber")),
        (f"Java {version('java', '-version')}", f"amqp-client {package('librabbitmq-client-java')}",
         run("java", "java", "-cp", f"{JARS}:{TOOLS}/java", "Subscriber")),
        (f"Ruby {version('ruby', '--version')}", f"bunny {package('ruby-bunny')}",
         run("ruby", "ruby", EXAMPLES / "ruby/subscriber.rb")),
        (f"PHP {version('php', '--version')}", f"php-amqplib {package('php-amqplib')}",
         run("php", "php", EXAMPLES / "php/subscriber.php")),
        (f"Swift {version('swift', '--version')}", f"auth-consumer, librabbitmq {rabbit}",
         Worker(folder, "interop-swift", receiver, environment)),
    ]


def check(folder, broker, receiver):
    environment = {"BROKER_URL": broker.url, "SIGNALS_SOURCE": "http://interop.test"}
    # Without the exchange: every subscriber has to wait for it.
    rows = subscribers(folder, receiver, environment)
    everyone = [row[2] for row in rows]
    time.sleep(3)
    server = Server(folder, environment)
    processes = everyone + [server.serve, server.relay]
    try:
        declared = server.operate("topology", "declare")
        assert declared.returncode == 0, declared.stderr
        broker.collect()  # the probe's queue exists before the first signal

        def reaches(step, **wanted):
            def differences():
                return [f"{one.name}: {one.counts()}; {one.log.read_text()[-500:]}" for one in everyone
                        if not wanted.items() <= one.counts().items()]
            wait(lambda: "\n".join([f"{step}: {wanted}"] + differences()), lambda: not differences(), 90)
            print(f"{step}: {wanted}", file=sys.stderr)

        def connected(times):
            late = lambda: [one.name for one in everyone if one.connections() < times]
            wait(lambda: f"connected {times} times: {late()}", lambda: not late(), 90)

        def published(users):
            """The number of signals; every sign-up ends with the signal of its mail."""
            def is_complete():
                types = [event[0] for event in broker.collect().values()]
                return types.count("account.email_confirmation_sent") == users and server.pending() == 0
            wait(lambda: f"the signals of {users} users are published: {server.relay.log.read_text()}", is_complete)
            return len(broker.events)

        connected(1)
        server.sign_up("ada")
        ada = published(users=1)
        reaches("signals", handled=ada, retried=1)
        first = next((id, *event) for id, event in broker.events.items() if event[0] == FAILING)
        broker.publish(first[2], first[1], first[0])
        reaches("the same message again", handled=ada, duplicates=1)
        broker.publish(b'{"specversion":"1.0","id":', FAILING, "malformed-1")
        reaches("a malformed message", dead=1)

        broker.stop()
        wait(lambda: "the worker is not ready any more", lambda: everyone[-1].get("/readyz") is None)
        everyone[-1].connections()
        server.sign_up("bob")  # committed while the broker is stopped
        broker.start()
        connected(2)
        both = published(users=2)
        reaches("signals after a restart of the broker", handled=both, retried=2)
        broker.publish(first[2], first[1], first[0])
        reaches("the same message a third time", handled=both, duplicates=2, retried=2, dead=1)

        faults = []
        for one in everyone:
            faults += faults_of(one, server, broker.events)
        for one in processes:
            code = one.stop()
            if code != 0:
                faults.append(f"{one.name}: exit code {code} after SIGTERM; {one.log.read_text()[-500:]}")
        with broker.channel() as channel:
            for one in everyone:
                left = channel.queue_declare(one.queue, passive=True).method.message_count
                if left:
                    faults.append(f"{one.name}: {left} messages left")
        return [row[:2] + (row[2].final, both - ada) for row in rows], faults
    finally:
        for one in processes:
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait()


def faults_of(one, server, events):
    """What a subscriber that is still running did differently from the contract."""
    one.final = one.counts()
    handled = {line.split()[1] for line in one.lines() if line.startswith("handled ")}
    if type(one) is Example and handled != set(events):
        yield f"{one.name}: handled {handled ^ set(events)} not once, or in vain"
    dead = [json.loads(line) for line in server.operate("dead", "list", one.queue, "--json").stdout.splitlines()]
    if [(letter["id"], letter.get("reason")) for letter in dead] != [("malformed-1", "malformed")]:
        yield f"{one.name}: dead letters {dead}"
    topology = server.operate("topology", "check", "--queue", one.queue, "--bind", "account.#")
    if topology.returncode != 0:
        yield f"{one.name}: {topology.stdout}"


def main():
    if not any(SCHEMAS.glob("*.json")):
        raise SystemExit(f"interop: no schemas in {SCHEMAS}")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="auth-signals-interop."))
    broker = None
    try:
        with webhook() as receiver:
            broker = Broker(folder)
            rows, faults = check(folder, broker, receiver)
    finally:
        if broker:
            broker.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print("| language | client | handled | duplicates dropped | retried | dead-lettered | handled after the restart |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for language, client, counts, after in rows:
        print(f"| {language} | {client} | {counts['handled']} | {counts['duplicates']} | {counts['retried']} |"
              f" {counts['dead']} | {after} |")
    for fault in faults:
        print(f"interop: {fault}", file=sys.stderr)
    raise SystemExit(1 if faults else 0)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
main()
