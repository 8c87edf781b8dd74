#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A subscriber in Python, with pika. docs/subscribers.md describes it and its settings."""
import datetime, json, os, signal, sys, threading

import pika

URL = os.environ.get("BROKER_URL", "amqp://guest:guest@127.0.0.1:5672")
SIGNALS = os.environ.get("BROKER_EXCHANGE", "auth.signals")
QUEUE = os.environ.get("QUEUE", "example-python")
HANDLER = "example"  # in marks, retries and dead letters: keep it when the code changes
RUNGS = {"1s": 1_000, "10s": 10_000, "1m": 60_000, "10m": 600_000, "1h": 3_600_000}
SCHEDULE = ["1s", "10s", "1m", "10m"] + ["1h"] * 24  # the rung after each failed attempt; then a dead letter
KEPT = ("subject", "traceparent", "tracestate")
stopping = threading.Event()

# What was handled, per handler. In your service a table, written in the transaction of the handler's effect.
done_file = open(os.environ.get("DONE_FILE", QUEUE + ".done"), "a+")
done_file.seek(0)
done = {tuple(line.split()) for line in done_file}


class Rejected(Exception):
    """A retry would fail in the same way: the message becomes a dead letter with this reason."""


def handle(event, attempt):
    """Your code. A service that it calls gets event["id"] as the idempotency key. It may raise Rejected."""
    if attempt == 1 and event["type"] == os.environ.get("FAIL_FIRST"):
        raise ConnectionError("the first attempt fails, as Scripts/interop wants")


def mark(id):
    done.add((HANDLER, id))
    print(HANDLER, id, file=done_file, flush=True)


def read(body):
    if len(body) > 1 << 20:
        raise Rejected("too-large")
    try:
        event = json.loads(body.decode())
        texts = [event[name] for name in ("id", "type", "source")]
        if event["specversion"] != "1.0" or not all(type(text) is str and text.isprintable() for text in texts):
            raise ValueError("not a CloudEvent 1.0")
        if "SCHEMAS" in os.environ:
            from validation import validate  # needs the packages cloudevents and jsonschema
            validate(body, event, os.environ["SCHEMAS"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Rejected("malformed") from error
    return event


def declare(channel):
    def quorum(key, name, arguments, after=None):
        if after:  # where the broker moves a message to
            arguments |= {"x-dead-letter-exchange": QUEUE + ".x", "x-dead-letter-routing-key": after,
                          "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}
        channel.queue_declare(name, durable=True, arguments={"x-queue-type": "quorum", **arguments})
        channel.queue_bind(name, QUEUE + ".x", key)

    channel.exchange_declare(QUEUE + ".x", "direct", durable=True)
    quorum("main", QUEUE, {"x-delivery-limit": 20}, after="dead")
    quorum("dead", QUEUE + ".dead", {"x-delivery-limit": 2_147_483_647})
    for rung, milliseconds in RUNGS.items():
        quorum(rung, f"{QUEUE}.retry.{rung}", {"x-message-ttl": milliseconds}, after="main")
    channel.queue_bind(QUEUE, SIGNALS, "account.#")  # 404 while no publisher has declared the exchange


def republish(channel, method, properties, body, key, error, **own):
    """Publishes a copy to the ladder or to the dead letters. Raises unless the broker has confirmed it."""
    old = properties.headers or {}
    headers = {name: value for name, value in old.items() if name.startswith("auth-") or name in KEPT}
    kind = type(error.__cause__ or error).__name__  # its text may contain personal data
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    headers.update({"auth-error": kind, "auth-failed-at": now.replace("+00:00", "Z")})
    headers.setdefault("auth-first-error", kind)
    headers.setdefault("auth-origin-key", method.routing_key)
    headers.update({"auth-" + name: value for name, value in own.items()})
    copy = pika.BasicProperties(
        content_type=properties.content_type, delivery_mode=2, message_id=properties.message_id,
        correlation_id=properties.correlation_id, type=properties.type, timestamp=properties.timestamp,
        app_id=properties.app_id, headers=headers)
    channel.basic_publish(QUEUE + ".x", key, body, copy, mandatory=True)  # on a confirm channel: waits for the broker
    print("republished", key, properties.message_id)


def receive(channel, method, properties, body):
    headers = properties.headers or {}
    attempt = headers.get("auth-attempt", 0) + 1
    try:
        event = read(body)
        if headers.get("auth-handler", HANDLER) != HANDLER:
            raise Rejected("unknown-handler")
        if (HANDLER, event["id"]) in done:
            return print("duplicate", event["id"])
        handle(event, attempt)
    except Rejected as error:
        return republish(channel, method, properties, body, "dead", error, reason=str(error))
    except Exception as error:
        rung, own = "dead", {"handler": HANDLER, "attempt": attempt}
        if attempt <= len(SCHEDULE):
            rung = SCHEDULE[attempt - 1]
        else:
            own["reason"] = "attempts-exhausted"
        return republish(channel, method, properties, body, rung, error, **own)
    mark(event["id"])
    print("handled", event["id"], event["type"], attempt)


def consume():
    with pika.BlockingConnection(pika.URLParameters(URL)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        declare(channel)
        channel.basic_qos(prefetch_count=32)
        print("ready")
        for method, properties, body in channel.consume(QUEUE, inactivity_timeout=0.5):
            if stopping.is_set():
                return
            if method is not None:
                receive(channel, method, properties, body)
                channel.basic_ack(method.delivery_tag)


for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: stopping.set())
sys.stdout.reconfigure(line_buffering=True)
while not stopping.is_set():
    try:
        consume()
    except Exception as error:  # the broker redelivers what was not acknowledged; after 20 times it dead-letters it
        print(f"not connected ({error!r}); next attempt in 2 s", file=sys.stderr)
        stopping.wait(2)
