#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A subscriber in Python, with pika. docs/subscribers.md describes it and its settings."""
import datetime, json, os, signal, sys, threading

import pika

URL = os.environ.get("BROKER_URL", "amqp://guest:guest@127.0.0.1:5672")
SIGNALS = os.environ.get("BROKER_EXCHANGE", "auth.signals")
QUEUE = os.environ.get("QUEUE", "example-python")
RUNGS = {"1s": 1_000, "10s": 10_000, "1m": 60_000, "10m": 600_000, "1h": 3_600_000}
SCHEDULE = ["1s", "10s", "1m", "10m"] + ["1h"] * 24  # the rung after each failed attempt; then a dead letter
KEPT = ("subject", "traceparent", "tracestate")
stopping = threading.Event()

# What was handled: (handler, id). In your service a table, written in the transaction of the handler's effect.
done_file = open(os.environ.get("DONE_FILE", QUEUE + ".done"), "a+")
done_file.seek(0)
done = {tuple(line.split()) for line in done_file}


class Malformed(Exception):
    """The body is not an event of the contract: a retry would fail in the same way."""


def audit(event, attempt):
    """Your code. A service that it calls gets event["id"] as the idempotency key."""


def greet(event, attempt):
    if attempt == 1 and os.environ.get("FAIL_FIRST"):
        raise ConnectionError("the first attempt fails, as Scripts/interop wants")


HANDLERS = {"audit": ("*", audit), "greet": ("account.user_signed_up", greet)}  # the names are stored: keep them


def mark(handler, event):
    done.add((handler, event))
    print(handler, event, file=done_file, flush=True)


def read(body):
    if len(body) > 1 << 20:
        raise Malformed("more than 1 MiB")
    event = json.loads(body.decode())
    if not isinstance(event, dict) or event.get("specversion") != "1.0":
        raise Malformed("not a CloudEvent 1.0")
    if not all(isinstance(event.get(name), str) and event[name] for name in ("id", "type", "source")):
        raise Malformed("id, type or source is missing")
    if "SCHEMAS" in os.environ:
        from validation import validate  # needs the packages cloudevents and jsonschema
        validate(body, event, os.environ["SCHEMAS"])
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
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    headers.update({"auth-error": error, "auth-failed-at": now.replace("+00:00", "Z")})
    headers.setdefault("auth-first-error", error)
    headers.setdefault("auth-origin-key", method.routing_key)
    headers.update({"auth-" + name: value for name, value in own.items()})
    copy = pika.BasicProperties(
        content_type=properties.content_type, delivery_mode=2, message_id=properties.message_id,
        correlation_id=properties.correlation_id, type=properties.type, timestamp=properties.timestamp,
        app_id=properties.app_id, headers=headers)
    channel.basic_publish(QUEUE + ".x", key, body, copy, mandatory=True)  # a confirm channel: waits for the broker


def receive(channel, method, properties, body):
    headers = properties.headers or {}
    only, attempt = headers.get("auth-handler"), headers.get("auth-attempt", 0) + 1
    try:
        event = read(body)
    except (Malformed, ValueError, RecursionError) as error:
        republish(channel, method, properties, body, "dead", type(error).__name__, reason="malformed")
        return print("dead", "malformed", properties.message_id)
    if only is not None and only not in HANDLERS:
        republish(channel, method, properties, body, "dead", "", reason="unknown-handler")
        return print("dead", "unknown-handler", event["id"])
    wanted = [name for name, (type_, _) in HANDLERS.items() if only in (None, name) and type_ in ("*", event["type"])]
    todo = [name for name in wanted if (name, event["id"]) not in done]
    if wanted and not todo:
        print("duplicate", event["id"])
    for name in todo:
        try:
            HANDLERS[name][1](event, attempt)
        except Exception as error:
            rung = SCHEDULE[attempt - 1] if attempt <= len(SCHEDULE) else "dead"
            reason = {"reason": "attempts-exhausted"} if rung == "dead" else {}
            republish(channel, method, properties, body, rung, type(error).__name__,
                      handler=name, attempt=attempt, **reason)
            print("dead attempts-exhausted" if reason else f"retry {rung}", name, event["id"])
        else:
            mark(name, event["id"])
            print("handled", name, event["type"], event["id"], attempt)


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
    except (pika.exceptions.AMQPError, OSError) as error:
        print(f"not connected ({error!r}); next attempt in 2 s", file=sys.stderr)
        stopping.wait(2)
