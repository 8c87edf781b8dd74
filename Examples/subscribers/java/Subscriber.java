// SPDX-License-Identifier: Apache-2.0

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.rabbitmq.client.*;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.*;
import java.util.concurrent.*;

/** A subscriber in Java, with RabbitMQ's client and Gson. docs/subscribers.md describes it and its settings. */
public class Subscriber {
    static final String URL = setting("BROKER_URL", "amqp://guest:guest@127.0.0.1:5672");
    static final String SIGNALS = setting("BROKER_EXCHANGE", "auth.signals");
    static final String QUEUE = setting("QUEUE", "example-java");
    static final String HANDLER = "example"; // in marks, retries and dead letters: keep it when the code changes
    static final Map<String, Integer> RUNGS =
            Map.of("1s", 1_000, "10s", 10_000, "1m", 60_000, "10m", 600_000, "1h", 3_600_000);
    static final List<String> SCHEDULE = List.of("1s", "10s", "1m", "10m"); // then 1h, 24 times; then a dead letter
    // What was handled, per handler. In your service a table, written in the transaction of the handler's effect.
    static final Path DONE_FILE = Path.of(setting("DONE_FILE", QUEUE + ".done"));
    static final Set<String> done = new HashSet<>();
    static volatile boolean isStopping, wasReturned;

    /** A retry would fail in the same way: the message becomes a dead letter with this reason. */
    static class Rejected extends RuntimeException {
        Rejected(String reason) { super(reason); }
    }

    /** Your code. A service that it calls gets the event's id as the idempotency key. It may throw Rejected. */
    static void handle(JsonObject event, int attempt) throws Exception {
        if (attempt == 1 && event.get("type").getAsString().equals(System.getenv("FAIL_FIRST")))
            throw new IOException("the first attempt fails, as Scripts/interop wants");
    }

    static JsonObject read(byte[] body) {
        if (body.length > 1 << 20) throw new Rejected("too-large");
        try {
            JsonObject event = JsonParser.parseString(new String(body, StandardCharsets.UTF_8)).getAsJsonObject();
            for (String name : List.of("specversion", "id", "type", "source"))
                if (!event.getAsJsonPrimitive(name).isString()) throw new Rejected("malformed");
            if (!event.get("specversion").getAsString().equals("1.0")) throw new Rejected("malformed");
            return event;
        } catch (JsonParseException | IllegalStateException | ClassCastException | NullPointerException error) {
            throw new Rejected("malformed");
        }
    }

    static void quorum(Channel channel, String key, String name, String argument, int value, String after)
            throws IOException {
        Map<String, Object> arguments = new HashMap<>(Map.of("x-queue-type", "quorum", argument, value));
        if (after != null) // where the broker moves a message to
            arguments.putAll(Map.of("x-dead-letter-exchange", QUEUE + ".x", "x-dead-letter-routing-key", after,
                    "x-dead-letter-strategy", "at-least-once", "x-overflow", "reject-publish"));
        channel.queueDeclare(name, true, false, false, arguments);
        channel.queueBind(name, QUEUE + ".x", key);
    }

    static void declare(Channel channel) throws IOException {
        channel.exchangeDeclare(QUEUE + ".x", "direct", true);
        quorum(channel, "main", QUEUE, "x-delivery-limit", 20, "dead");
        quorum(channel, "dead", QUEUE + ".dead", "x-delivery-limit", 2_147_483_647, null);
        for (String rung : RUNGS.keySet())
            quorum(channel, rung, QUEUE + ".retry." + rung, "x-message-ttl", RUNGS.get(rung), "main");
        channel.queueBind(QUEUE, SIGNALS, "account.#"); // 404 while no publisher has declared the exchange
    }

    /** Publishes a copy to the ladder or to the dead letters, and waits until the broker has confirmed it. */
    static void republish(Channel channel, Delivery delivery, String key, Exception error, Map<String, Object> own)
            throws Exception {
        BasicProperties old = delivery.getProperties();
        Map<String, Object> headers = new HashMap<>(Map.of("auth-first-error", error.getClass().getName(),
                "auth-origin-key", delivery.getEnvelope().getRoutingKey()));
        if (old.getHeaders() != null)
            old.getHeaders().forEach((name, value) -> {
                if (name.startsWith("auth-") || List.of("subject", "traceparent", "tracestate").contains(name))
                    headers.put(name, value);
            });
        headers.put("auth-error", error.getClass().getName());
        headers.put("auth-failed-at", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
        headers.putAll(own);
        wasReturned = false;
        channel.basicPublish(QUEUE + ".x", key, true, new AMQP.BasicProperties.Builder()
                .contentType(old.getContentType()).deliveryMode(2).messageId(old.getMessageId())
                .correlationId(old.getCorrelationId()).type(old.getType()).timestamp(old.getTimestamp())
                .appId(old.getAppId()).headers(headers).build(), delivery.getBody());
        channel.waitForConfirmsOrDie(30_000); // the broker returns a message before it confirms it
        if (wasReturned) throw new IOException("a copy was returned");
        System.out.println("republished " + key + " " + old.getMessageId());
    }

    static void receive(Channel channel, Delivery delivery) throws Exception {
        Map<String, Object> headers = Optional.ofNullable(delivery.getProperties().getHeaders()).orElse(Map.of());
        int attempt = Integer.parseInt(headers.getOrDefault("auth-attempt", 0).toString()) + 1;
        JsonObject event;
        try {
            event = read(delivery.getBody());
            if (!headers.getOrDefault("auth-handler", HANDLER).toString().equals(HANDLER))
                throw new Rejected("unknown-handler");
            if (done.contains(HANDLER + " " + event.get("id").getAsString())) {
                System.out.println("duplicate " + event.get("id").getAsString());
                return;
            }
            handle(event, attempt);
        } catch (Rejected error) {
            republish(channel, delivery, "dead", error, Map.of("auth-reason", error.getMessage()));
            return;
        } catch (Exception error) {
            Map<String, Object> own = new HashMap<>(Map.of("auth-handler", HANDLER, "auth-attempt", (long) attempt));
            String rung = attempt <= SCHEDULE.size() ? SCHEDULE.get(attempt - 1) : attempt <= 28 ? "1h" : "dead";
            if (rung.equals("dead")) own.put("auth-reason", "attempts-exhausted");
            republish(channel, delivery, rung, error, own);
            return;
        }
        String mark = HANDLER + " " + event.get("id").getAsString();
        done.add(mark);
        Files.writeString(DONE_FILE, mark + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        System.out.println("handled " + mark.substring(HANDLER.length() + 1) + " " + event.get("type").getAsString()
                + " " + attempt);
    }

    static void consume() throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(URL);
        factory.setAutomaticRecoveryEnabled(false); // every connection begins in the same way
        try (Connection connection = factory.newConnection()) {
            Channel channel = connection.createChannel();
            channel.confirmSelect();
            channel.addReturnListener((code, text, exchange, key, properties, body) -> wasReturned = true);
            declare(channel);
            channel.basicQos(32);
            BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
            channel.basicConsume(QUEUE, false, (tag, delivery) -> deliveries.add(delivery),
                    tag -> channel.abort()); // the broker cancelled the consumer
            System.out.println("ready");
            while (!isStopping) {
                Delivery delivery = deliveries.poll(500, TimeUnit.MILLISECONDS);
                if (delivery == null && !channel.isOpen()) throw new IOException("connection lost");
                if (delivery == null) continue;
                receive(channel, delivery);
                channel.basicAck(delivery.getEnvelope().getDeliveryTag(), false);
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        if (Files.exists(DONE_FILE)) done.addAll(Files.readAllLines(DONE_FILE));
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { // SIGTERM, SIGINT
            isStopping = true;
            try {
                main.join(10_000);
            } catch (InterruptedException error) {
                return;
            }
            Runtime.getRuntime().halt(0); // otherwise the exit code is 143
        }));
        while (!isStopping) {
            try {
                consume();
            } catch (Exception error) { // the broker redelivers what was not acknowledged, 20 times at most
                System.err.println("not connected (" + error + "); next attempt in 2 s");
                for (int tick = 0; tick < 20 && !isStopping; tick++) Thread.sleep(100);
            }
        }
    }

    static String setting(String name, String fallback) {
        return System.getenv().getOrDefault(name, fallback);
    }
}
