// SPDX-License-Identifier: Apache-2.0

// A subscriber in Go, with amqp091-go. docs/subscribers.md describes it and its settings.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

var (
	url      = setting("BROKER_URL", "amqp://guest:guest@127.0.0.1:5672")
	signals  = setting("BROKER_EXCHANGE", "auth.signals")
	queue    = setting("QUEUE", "example-go")
	rungs    = map[string]int64{"1s": 1_000, "10s": 10_000, "1m": 60_000, "10m": 600_000, "1h": 3_600_000}
	schedule = append([]string{"1s", "10s", "1m", "10m"}, strings.Fields(strings.Repeat("1h ", 24))...)
	// What was handled, per handler. In your service a table, written in the transaction of the handler's effect.
	done     = map[string]bool{}
	doneFile *os.File
)

const name = "example" // of the handler, in marks, retries and dead letters: keep it when the code changes

type event struct {
	SpecVersion, ID, Type, Source string
	Data                          json.RawMessage
}

// A retry would fail in the same way: the message becomes a dead letter with this reason.
type rejected string

func (reason rejected) Error() string { return string(reason) }

// Your code. A service that it calls gets the event's id as the idempotency key. It may return rejected("reason").
func handle(e event, attempt int) error {
	if attempt == 1 && e.Type == os.Getenv("FAIL_FIRST") {
		return errors.New("the first attempt fails, as Scripts/interop wants")
	}
	return nil
}

func read(body []byte) (e event, err error) {
	if len(body) > 1<<20 {
		return e, rejected("too-large")
	}
	if json.Unmarshal(body, &e) != nil || e.SpecVersion != "1.0" || e.ID == "" || e.Type == "" || e.Source == "" {
		return e, rejected("malformed")
	}
	return e, nil
}

func declare(channel *amqp.Channel) (err error) {
	quorum := func(key, name string, arguments amqp.Table, after string) {
		arguments["x-queue-type"] = "quorum"
		if after != "" { // where the broker moves a message to
			arguments["x-dead-letter-exchange"], arguments["x-dead-letter-routing-key"] = queue+".x", after
			arguments["x-dead-letter-strategy"], arguments["x-overflow"] = "at-least-once", "reject-publish"
		}
		if err == nil {
			_, err = channel.QueueDeclare(name, true, false, false, false, arguments)
		}
		if err == nil {
			err = channel.QueueBind(name, key, queue+".x", false, nil)
		}
	}
	err = channel.ExchangeDeclare(queue+".x", "direct", true, false, false, false, nil)
	quorum("main", queue, amqp.Table{"x-delivery-limit": int64(20)}, "dead")
	quorum("dead", queue+".dead", amqp.Table{"x-delivery-limit": int64(2_147_483_647)}, "")
	for rung, milliseconds := range rungs {
		quorum(rung, queue+".retry."+rung, amqp.Table{"x-message-ttl": milliseconds}, "main")
	}
	if err == nil {
		err = channel.QueueBind(queue, "account.#", signals, false, nil) // 404 while no publisher has declared it
	}
	return err
}

// Publishes a copy to the ladder or to the dead letters, and waits until the broker has confirmed it.
func republish(
	channel *amqp.Channel, returns chan amqp.Return, d amqp.Delivery, key string, fault error, own amqp.Table,
) error {
	kind := fmt.Sprintf("%T", fault)
	headers := amqp.Table{"auth-first-error": kind, "auth-origin-key": d.RoutingKey}
	for header, value := range d.Headers {
		if strings.HasPrefix(header, "auth-") || header == "subject" || header == "traceparent" || header == "tracestate" {
			headers[header] = value
		}
	}
	headers["auth-error"] = kind
	headers["auth-failed-at"] = time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	for header, value := range own {
		headers[header] = value
	}
	message := amqp.Publishing{
		ContentType: d.ContentType, DeliveryMode: amqp.Persistent, MessageId: d.MessageId, CorrelationId: d.CorrelationId,
		Type: d.Type, Timestamp: d.Timestamp, AppId: d.AppId, Headers: headers, Body: d.Body}
	confirm, err := channel.PublishWithDeferredConfirmWithContext(
		context.Background(), queue+".x", key, true, false, message)
	if err != nil {
		return err
	}
	isAcked := confirm.Wait() // false, too, if the channel was closed
	select {
	case <-returns: // the broker returns a message before it confirms it
		return errors.New("a copy was returned")
	default:
	}
	if !isAcked {
		return errors.New("a copy was not confirmed")
	}
	fmt.Println("republished", key, d.MessageId)
	return nil
}

// An error means that the delivery is not settled: the connection is opened again, and the broker redelivers it.
func receive(channel *amqp.Channel, returns chan amqp.Return, d amqp.Delivery) error {
	made, _ := strconv.Atoi(fmt.Sprint(d.Headers["auth-attempt"])) // of any integer type, or absent
	e, fault := read(d.Body)
	if only, isCopy := d.Headers["auth-handler"]; fault == nil && isCopy && only != name {
		fault = rejected("unknown-handler")
	}
	if fault == nil && done[name+" "+e.ID] {
		fmt.Println("duplicate", e.ID)
		return nil
	}
	if fault == nil {
		fault = handle(e, made+1)
	}
	var reason rejected
	switch own := (amqp.Table{"auth-handler": name, "auth-attempt": int64(made + 1)}); {
	case errors.As(fault, &reason):
		return republish(channel, returns, d, "dead", fault, amqp.Table{"auth-reason": string(reason)})
	case fault != nil && made < len(schedule):
		return republish(channel, returns, d, schedule[made], fault, own)
	case fault != nil:
		own["auth-reason"] = "attempts-exhausted"
		return republish(channel, returns, d, "dead", fault, own)
	}
	done[name+" "+e.ID] = true
	_, err := fmt.Fprintln(doneFile, name, e.ID)
	fmt.Println("handled", e.ID, e.Type, made+1)
	return err
}

func consume(stop context.Context) error {
	connection, err := amqp.Dial(url)
	if err != nil {
		return err
	}
	defer connection.Close()
	channel, err := connection.Channel()
	if err != nil {
		return err
	}
	returns := channel.NotifyReturn(make(chan amqp.Return, 1))
	if err = channel.Confirm(false); err == nil {
		err = declare(channel)
	}
	if err == nil {
		err = channel.Qos(32, 0, false)
	}
	if err != nil {
		return err
	}
	deliveries, err := channel.Consume(queue, "", false, false, false, false, nil)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for {
		select {
		case <-stop.Done():
			return nil
		case d, open := <-deliveries:
			if !open {
				return errors.New("connection lost")
			}
			if err := receive(channel, returns, d); err != nil {
				return err
			}
			if err := d.Ack(false); err != nil {
				return err
			}
		}
	}
}

func main() {
	stop, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	path := setting("DONE_FILE", queue+".done")
	lines, _ := os.ReadFile(path)
	for _, line := range strings.Split(string(lines), "\n") {
		done[line] = true
	}
	var err error
	if doneFile, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		log.Fatal(err)
	}
	for stop.Err() == nil {
		if err := consume(stop); err != nil {
			log.Print("not connected (", err, "); next attempt in 2 s")
			select {
			case <-stop.Done():
			case <-time.After(2 * time.Second):
			}
		}
	}
}

func setting(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
