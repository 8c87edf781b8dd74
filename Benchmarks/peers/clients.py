# SPDX-License-Identifier: Apache-2.0
"""One measurement of pika or aio-pika in its own process: `clients.py KIND URL QUEUE COUNT`; prints JSON."""
import asyncio
import json
import resource
import sys
import time
import uuid

EXCHANGE, KEY = "auth.signals", "bench.measured"
BODY = b"x" * 500
WINDOW = PREFETCH = 256
BATCH = PREFETCH // 4
HEADERS = {"cloudEvents:type": KEY, "cloudEvents:specversion": "1.0"}


class Meter:
    """Time and processor time from the first message to the last."""

    def start(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def stop(self, count):
        seconds, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"count": count, "seconds": seconds, "cpu": cpu, "memory": [memory]}))


def properties():
    import pika

    return pika.BasicProperties(
        delivery_mode=2, content_type="application/json", type=KEY, message_id=str(uuid.uuid4()), headers=HEADERS
    )


def publish_pika_blocking(url, _, count):
    """BlockingConnection with confirms: each message waits for the confirm of the one before."""
    import pika

    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        meter = Meter()
        meter.start()
        for _ in range(count):  # raises if the broker nacks or returns the message
            channel.basic_publish(EXCHANGE, KEY, BODY, properties(), mandatory=True)
        meter.stop(count)


class PikaWindow:
    """SelectConnection with a window of unconfirmed messages, pika's fastest confirmed way."""

    def __init__(self, url, count):
        import pika

        self.count, self.sent, self.unconfirmed = count, 0, {}
        self.meter, self.failure = Meter(), "the connection ended"
        self.connection = pika.SelectConnection(
            pika.URLParameters(url), on_open_callback=self.opened, on_open_error_callback=self.failed
        )

    def run(self):
        self.connection.ioloop.start()
        if self.failure:
            raise SystemExit(f"pika: {self.failure}")

    def failed(self, *details):
        self.failure = str(details)
        self.connection.ioloop.stop()

    def opened(self, connection):
        connection.channel(on_open_callback=self.channel_opened)

    def channel_opened(self, channel):
        self.channel = channel
        channel.add_on_return_callback(self.failed)
        channel.add_on_close_callback(self.failed)
        channel.confirm_delivery(self.settled, callback=self.begin)

    def begin(self, _):
        self.meter.start()
        self.fill()

    def fill(self):
        while self.sent < self.count and len(self.unconfirmed) < WINDOW:
            self.sent += 1
            self.unconfirmed[self.sent] = None
            self.channel.basic_publish(EXCHANGE, KEY, BODY, properties(), mandatory=True)

    def settled(self, frame):
        tag = frame.method.delivery_tag
        if frame.method.NAME != "Basic.Ack":
            return self.failed("nacked", tag)
        if frame.method.multiple:
            # Tags are in the order in which they were added.
            for one in list(self.unconfirmed):
                if one > tag:
                    break
                del self.unconfirmed[one]
        else:
            self.unconfirmed.pop(tag, None)
        if self.sent == self.count and not self.unconfirmed:
            self.meter.stop(self.count)
            self.failure = None
            return self.connection.ioloop.stop()
        return self.fill()


def publish_pika_window(url, _, count):
    PikaWindow(url, count).run()


async def publish_aio_pika(url, _, count):
    """As many coroutines as the window has places: each publishes, and waits for its confirm."""
    import aio_pika

    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await channel.get_exchange(EXCHANGE, ensure=False)
        numbers = iter(range(count))

        async def work():
            for _ in numbers:
                message = aio_pika.Message(
                    BODY,
                    delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                    content_type="application/json",
                    type=KEY,
                    message_id=str(uuid.uuid4()),
                    headers=HEADERS,
                )
                await exchange.publish(message, KEY, mandatory=True)

        meter = Meter()
        meter.start()
        await asyncio.gather(*(work() for _ in range(WINDOW)))
        meter.stop(count)


def consume_pika(url, queue, count):
    """BlockingConnection, acknowledging a quarter of the prefetch at a time."""
    import pika

    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=PREFETCH)
        meter, received = Meter(), 0

        def handle(_, method, properties, body):
            nonlocal received
            if received == 0:
                meter.start()
            received += 1
            if received % BATCH == 0 or received == count:
                channel.basic_ack(method.delivery_tag, multiple=True)
            if received == count:
                meter.stop(count)
                channel.stop_consuming()

        channel.basic_consume(queue, handle)
        channel.start_consuming()


async def consume_aio_pika(url, queue, count):
    """A callback, acknowledging a quarter of the prefetch at a time."""
    import aio_pika

    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=PREFETCH)
        source = await channel.get_queue(queue, ensure=False)
        meter, received, finished = Meter(), 0, asyncio.Event()

        async def handle(message):
            nonlocal received
            if received == 0:
                meter.start()
            received += 1
            last = received == count
            if received % BATCH == 0 or last:
                await message.ack(multiple=True)
            if last:
                meter.stop(count)
                finished.set()

        await source.consume(handle)
        await finished.wait()


if __name__ == "__main__":
    kind, url, queue, count = sys.argv[1:]
    job = globals()[kind](url, queue, int(count))
    if job:
        asyncio.run(job)
