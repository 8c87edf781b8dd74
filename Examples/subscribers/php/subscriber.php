<?php
// SPDX-License-Identifier: Apache-2.0

// A subscriber in PHP, with php-amqplib. docs/subscribers.md describes it and its settings.
declare(strict_types=1);

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Exception\AMQPExceptionInterface;
use PhpAmqpLib\Exception\AMQPRuntimeException;
use PhpAmqpLib\Exception\AMQPTimeoutException;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

require_once 'PhpAmqpLib/autoload.php'; // Debian's; with Composer: vendor/autoload.php

define('URL', getenv('BROKER_URL') ?: 'amqp://guest:guest@127.0.0.1:5672');
define('SIGNALS', getenv('BROKER_EXCHANGE') ?: 'auth.signals');
define('QUEUE', getenv('QUEUE') ?: 'example-php');
const HANDLER = 'example'; // in marks, retries and dead letters: keep it when the code changes
const RUNGS = ['1s' => 1_000, '10s' => 10_000, '1m' => 60_000, '10m' => 600_000, '1h' => 3_600_000];
const SCHEDULE = ['1s', '10s', '1m', '10m']; // then 1h, 24 times; then a dead letter
const KEPT = ['subject', 'traceparent', 'tracestate'];
const PROPERTIES = ['content_type', 'message_id', 'correlation_id', 'type', 'timestamp', 'app_id'];

// What was handled, per handler. In your service a table, written in the transaction of the handler's effect.
define('DONE_FILE', getenv('DONE_FILE') ?: QUEUE . '.done');
$done = array_flip(is_file(DONE_FILE) ? file(DONE_FILE, FILE_IGNORE_NEW_LINES) : []);
$isStopping = false;

/** A retry would fail in the same way: the message becomes a dead letter with this reason. */
class Rejected extends Exception {}

/** Your code. A service that it calls gets the event's id as the idempotency key. It may throw Rejected. */
function handle(array $event, int $attempt): void
{
    if ($attempt === 1 && $event['type'] === getenv('FAIL_FIRST')) {
        throw new RuntimeException('the first attempt fails, as Scripts/interop wants');
    }
}

function read(string $body): array
{
    if (strlen($body) > 1 << 20) {
        throw new Rejected('too-large');
    }
    $event = json_decode($body, true, 33);
    foreach (['specversion', 'id', 'type', 'source'] as $name) {
        if (!is_array($event) || !is_string($event[$name] ?? null)) {
            throw new Rejected('malformed');
        }
    }
    return $event['specversion'] === '1.0' ? $event : throw new Rejected('malformed');
}

function quorum(AMQPChannel $channel, string $key, string $name, array $arguments, ?string $after = null): void
{
    $arguments['x-queue-type'] = 'quorum';
    if ($after !== null) { // where the broker moves a message to
        $arguments += ['x-dead-letter-exchange' => QUEUE . '.x', 'x-dead-letter-routing-key' => $after,
            'x-dead-letter-strategy' => 'at-least-once', 'x-overflow' => 'reject-publish'];
    }
    $channel->queue_declare($name, false, true, false, false, false, new AMQPTable($arguments));
    $channel->queue_bind($name, QUEUE . '.x', $key);
}

function declareObjects(AMQPChannel $channel): void
{
    $channel->exchange_declare(QUEUE . '.x', 'direct', false, true, false);
    quorum($channel, 'main', QUEUE, ['x-delivery-limit' => 20], 'dead');
    quorum($channel, 'dead', QUEUE . '.dead', ['x-delivery-limit' => 2_147_483_647]);
    foreach (RUNGS as $rung => $milliseconds) {
        quorum($channel, $rung, QUEUE . ".retry.$rung", ['x-message-ttl' => $milliseconds], 'main');
    }
    $channel->queue_bind(QUEUE, SIGNALS, 'account.#'); // 404 while no publisher has declared the exchange
}

/** Publishes a copy to the ladder or to the dead letters, and waits until the broker has confirmed it. */
function republish(AMQPMessage $message, string $key, Throwable $error, array $own): void
{
    $channel = $message->getChannel();
    $headers = array_filter(headers($message), fn ($name) => str_starts_with($name, 'auth-') || in_array($name, KEPT),
        ARRAY_FILTER_USE_KEY);
    $headers += ['auth-first-error' => $error::class, 'auth-origin-key' => $message->getRoutingKey()];
    $failedAt = (new DateTimeImmutable('now', new DateTimeZone('UTC')))->format('Y-m-d\TH:i:s.v\Z');
    $headers = array_merge($headers, ['auth-error' => $error::class, 'auth-failed-at' => $failedAt], $own);
    $properties = array_intersect_key($message->get_properties(), array_flip(PROPERTIES));
    $properties += ['delivery_mode' => 2, 'application_headers' => new AMQPTable($headers)];
    $fault = null;
    $channel->set_return_listener(function () use (&$fault) { $fault = 'returned'; });
    $channel->set_nack_handler(function () use (&$fault) { $fault = 'nacked'; });
    $channel->basic_publish(new AMQPMessage($message->getBody(), $properties), QUEUE . '.x', $key, true);
    $channel->wait_for_pending_acks_returns(30); // the broker returns a message before it confirms it
    if ($fault !== null) {
        throw new AMQPRuntimeException("a copy was $fault");
    }
    echo "republished $key {$properties['message_id']}\n";
}

function receive(AMQPMessage $message): void
{
    global $done;
    $headers = headers($message);
    $attempt = (int) ($headers['auth-attempt'] ?? 0) + 1;
    try {
        $event = read($message->getBody());
        $mark = HANDLER . ' ' . $event['id'];
        if (($headers['auth-handler'] ?? HANDLER) !== HANDLER) {
            throw new Rejected('unknown-handler');
        }
        if (isset($done[$mark])) {
            echo "duplicate {$event['id']}\n";
        } else {
            handle($event, $attempt);
            $done[$mark] = true;
            file_put_contents(DONE_FILE, "$mark\n", FILE_APPEND);
            echo "handled {$event['id']} {$event['type']} $attempt\n";
        }
    } catch (Rejected $error) {
        republish($message, 'dead', $error, ['auth-reason' => $error->getMessage()]);
    } catch (Throwable $error) {
        $rung = SCHEDULE[$attempt - 1] ?? ($attempt <= 28 ? '1h' : 'dead');
        $own = ['auth-handler' => HANDLER, 'auth-attempt' => $attempt];
        republish($message, $rung, $error, $own + ($rung === 'dead' ? ['auth-reason' => 'attempts-exhausted'] : []));
    }
    $message->ack();
}

function headers(AMQPMessage $message): array
{
    return $message->has('application_headers') ? $message->get('application_headers')->getNativeData() : [];
}

function consume(): void
{
    global $isStopping;
    $url = parse_url(URL) + ['port' => 5672, 'user' => 'guest', 'pass' => 'guest', 'path' => '/%2F'];
    [$user, $password, $vhost] = array_map(rawurldecode(...), [$url['user'], $url['pass'], substr($url['path'], 1)]);
    $connection = new AMQPStreamConnection($url['host'], $url['port'], $user, $password, $vhost);
    try {
        $channel = $connection->channel();
        $channel->confirm_select();
        declareObjects($channel);
        $channel->basic_qos(0, 32, false);
        $channel->basic_consume(QUEUE, '', false, false, false, false, receive(...));
        echo "ready\n";
        while (!$isStopping && $channel->is_consuming()) {
            try {
                $channel->wait(null, false, 0.5);
            } catch (AMQPTimeoutException) {
            }
        }
    } finally {
        try {
            $connection->close();
        } catch (AMQPExceptionInterface | ErrorException) { // it is closed already
        }
    }
}

pcntl_async_signals(true);
foreach ([SIGTERM, SIGINT] as $signal) {
    pcntl_signal($signal, function () use (&$isStopping) { $isStopping = true; });
}
while (!$isStopping) {
    try {
        consume();
    } catch (Throwable $error) { // the broker redelivers what was not acknowledged; after 20 times it dead-letters it
        fprintf(STDERR, "not connected (%s: %s); next attempt in 2 s\n", $error::class, $error->getMessage());
        for ($tick = 0; $tick < 20 && !$isStopping; $tick++) {
            usleep(100_000);
        }
    }
}
