# SPDX-License-Identifier: Apache-2.0

# A subscriber in Ruby, with bunny. docs/subscribers.md describes it and its settings.
require "bunny"
require "json"
require "time"

URL = ENV.fetch("BROKER_URL", "amqp://guest:guest@127.0.0.1:5672")
SIGNALS = ENV.fetch("BROKER_EXCHANGE", "auth.signals")
QUEUE = ENV.fetch("QUEUE", "example-ruby")
HANDLER = "example" # in marks, retries and dead letters: keep it when the code changes
RUNGS = { "1s" => 1_000, "10s" => 10_000, "1m" => 60_000, "10m" => 600_000, "1h" => 3_600_000 }.freeze
SCHEDULE = (%w[1s 10s 1m 10m] + ["1h"] * 24).freeze # the rung after each failed attempt; then a dead letter
KEPT = %w[subject traceparent tracestate].freeze
PROPERTIES = %i[content_type message_id correlation_id type timestamp app_id].freeze

# What was handled, per handler. In your service a table, written in the transaction of the handler's effect.
DONE_FILE = File.open(ENV.fetch("DONE_FILE", "#{QUEUE}.done"), "a+")
DONE = DONE_FILE.each_line(chomp: true).to_h { |line| [line, true] }
DONE_FILE.sync = $stdout.sync = true

# A retry would fail in the same way: the message becomes a dead letter with this reason.
class Rejected < StandardError; end

# Your code. A service that it calls gets event["id"] as the idempotency key. It may raise Rejected.
def handle(event, attempt)
  raise IOError, "the first attempt fails, as Scripts/interop wants" if attempt == 1 && event["type"] == ENV["FAIL_FIRST"]
end

def read(body)
  raise Rejected, "too-large" if body.bytesize > 1 << 20
  event = JSON.parse(body.force_encoding("UTF-8"), max_nesting: 32)
  strings = event.is_a?(Hash) && %w[id type source].all? { |name| event[name].is_a?(String) }
  raise Rejected, "malformed" unless strings && event["specversion"] == "1.0"
  event
rescue JSON::ParserError, EncodingError
  raise Rejected, "malformed"
end

def declare(channel)
  exchange = channel.direct("#{QUEUE}.x", durable: true)
  quorum = lambda do |key, name, arguments, after = nil|
    arguments["x-queue-type"] = "quorum"
    if after # where the broker moves a message to
      arguments.update("x-dead-letter-exchange" => exchange.name, "x-dead-letter-routing-key" => after,
                       "x-dead-letter-strategy" => "at-least-once", "x-overflow" => "reject-publish")
    end
    channel.queue(name, durable: true, arguments: arguments).bind(exchange, routing_key: key)
  end
  queue = quorum.call("main", QUEUE, { "x-delivery-limit" => 20 }, "dead")
  quorum.call("dead", "#{QUEUE}.dead", { "x-delivery-limit" => 2_147_483_647 })
  RUNGS.each { |rung, milliseconds| quorum.call(rung, "#{QUEUE}.retry.#{rung}", { "x-message-ttl" => milliseconds }, "main") }
  queue.bind(SIGNALS, routing_key: "account.#") # 404 while no publisher has declared the exchange
  [queue, exchange]
end

# Publishes a copy to the ladder or to the dead letters. Raises unless the broker has confirmed it.
def republish(exchange, delivery, properties, body, key, error, own)
  headers = (properties.headers || {}).select { |name, _| name.start_with?("auth-") || KEPT.include?(name) }
  headers = { "auth-first-error" => error.class.name, "auth-origin-key" => delivery.routing_key }.merge(headers)
  headers.update("auth-error" => error.class.name, "auth-failed-at" => Time.now.utc.iso8601(3)).update(own)
  kept = PROPERTIES.to_h { |name| [name, properties[name]] }.compact
  kept[:timestamp] &&= kept[:timestamp].to_i # bunny returns a Time and takes a number
  @returned = false
  exchange.publish(body, routing_key: key, mandatory: true, persistent: true, headers: headers, **kept)
  confirmed = exchange.channel.wait_for_confirms # the broker returns a message before it confirms it
  raise Bunny::Exception, "a copy was not confirmed" if @returned || !confirmed
  puts "republished #{key} #{properties.message_id}"
end

def receive(exchange, delivery, properties, body)
  headers = properties.headers || {}
  attempt = headers.fetch("auth-attempt", 0) + 1
  begin
    event = read(body)
    raise Rejected, "unknown-handler" if headers.fetch("auth-handler", HANDLER) != HANDLER
    return puts("duplicate #{event["id"]}") if DONE["#{HANDLER} #{event["id"]}"]
    handle(event, attempt)
  rescue Rejected => error
    return republish(exchange, delivery, properties, body, "dead", error, { "auth-reason" => error.message })
  rescue StandardError => error
    rung = SCHEDULE.fetch(attempt - 1, "dead")
    own = { "auth-handler" => HANDLER, "auth-attempt" => attempt }
    own["auth-reason"] = "attempts-exhausted" if rung == "dead"
    return republish(exchange, delivery, properties, body, rung, error, own)
  end
  DONE["#{HANDLER} #{event["id"]}"] = true
  DONE_FILE.puts "#{HANDLER} #{event["id"]}"
  puts "handled #{event["id"]} #{event["type"]} #{attempt}"
end

def consume(deliveries)
  def deliveries.raise(*) = close # bunny calls this from its own thread if the connection fails
  # Bunny's recovery repeats what it remembers; here every connection begins in the same way.
  connection = Bunny.new(URL, automatically_recover: false, recover_from_connection_close: false,
                         session_error_handler: deliveries, log_level: :fatal)
  channel = connection.start.create_channel
  channel.on_error { deliveries.close }
  channel.confirm_select
  channel.prefetch(32)
  queue, exchange = declare(channel)
  exchange.on_return { @returned = true }
  closed = ->(_) { deliveries.close }
  queue.subscribe(manual_ack: true, on_cancellation: closed) { |*delivery| deliveries << delivery }
  puts "ready"
  while (delivery = deliveries.pop) && !@stopping
    receive(exchange, *delivery)
    channel.ack(delivery.first.delivery_tag)
  end
  raise Bunny::Exception, "connection lost" unless @stopping
ensure
  connection&.close
end

%w[TERM INT].each do |signal|
  trap(signal) do
    @stopping = true
    @deliveries&.close
  end
end
until @stopping
  begin
    consume(@deliveries = Thread::Queue.new) # handled in this thread
  rescue StandardError => error # the broker redelivers what was not acknowledged; after 20 times it dead-letters it
    warn "not connected (#{error.class}: #{error.message}); next attempt in 2 s"
    20.times { sleep 0.1 unless @stopping }
  end
end
