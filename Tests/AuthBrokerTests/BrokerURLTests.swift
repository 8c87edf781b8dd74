// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import Testing

@Suite struct BrokerURLTests {
    @Test func `a bare URL has the defaults that RabbitMQ documents`() throws {
        let url = try BrokerURL("amqp://broker.example.org")
        #expect(url == BrokerURL(host: "broker.example.org"))
        #expect(url.port == 5672)
        #expect(url.user == "guest")
        #expect(url.password == "guest")
        #expect(url.virtualHost == "/")
        #expect(try BrokerURL("amqps://broker.example.org").port == 5671)
    }

    @Test func `reads every part of a URL`() throws {
        let url = try BrokerURL(
            "amqps://us%40er:p%3Aa%2Fs%2Cs@[::1]:5999/v%2Fh?cacertfile=/etc/ca%20x.pem&certfile=/c.pem"
                + "&keyfile=/k.pem&heartbeat=7&connection_timeout=1500")
        #expect(url.isEncrypted)
        #expect(url.host == "::1")
        #expect(url.port == 5999)
        #expect(url.user == "us@er")
        #expect(url.password == "p:a/s,s")
        #expect(url.virtualHost == "v/h")
        #expect(url.authoritiesFile == "/etc/ca x.pem")
        #expect(url.certificateFile == "/c.pem")
        #expect(url.keyFile == "/k.pem")
        #expect(url.heartbeat == 7)
        #expect(url.connectTimeout == 1500)
    }

    @Test(arguments: ["amqp://h/", "amqp://h/%2F", "amqp://h/%2f", "AMQP://h"])
    func `an empty path is the default virtual host`(_ text: String) throws {
        #expect(try BrokerURL(text).virtualHost == "/")
    }

    @Test func `several URLs are separated by commas`() throws {
        let urls = try BrokerURL.list("amqp://u:p@one/, amqps://two:1 ,amqp://three/v")
        #expect(urls.map(\.host) == ["one", "two", "three"])
        #expect(urls.map(\.port) == [5672, 1, 5672])
        #expect(urls.map(\.isEncrypted) == [false, true, false])
    }

    /// The password in each of these contains `sesame`.
    @Test(arguments: [
        "", "sesame", "http://u:sesame@h", "amqp://", "amqp://u:sesame@", "amqp://u:sesame@h:0",
        "amqp://u:sesame@h:65536", "amqp://u:sesame@h:x", "amqp://u:sesame@h:", "amqp://u:sesame@::1",
        "amqp://u:sesame@[::1", "amqp://u:sesame@[::1]x", "amqp://u:sesame%@h", "amqp://u:sesame%zz@h",
        "amqp://u:sesame%00@h", "amqp://u:sesame%ff@h", "amqp://u:ses@ame@h", "amqp://u:sesame@h/a/b",
        "amqp://u:sesame@h/%f", "amqp://u:ses#ame@h", "amqp://u:sesame@h?unknown=sesame",
        "amqp://u:sesame@h?heartbeat=-1", "amqp://u:sesame@h?heartbeat=", "amqp://u:sesame@h?heartbeat",
        "amqp://u:sesame@h?connection_timeout=0", "amqp://u:sesame@h?cacertfile=/ca.pem",
        "amqps://u:sesame@h?certfile=/c.pem", "amqps://u:sesame@h?keyfile=/k.pem", "amqp://u:sesame@h,",
        "amqp://u:ses,ame@h", "amqp://one,u:sesame@two",
    ])
    func `errors describe the problem without quoting the URL`(_ text: String) throws {
        let error = try #require(throws: BrokerError.self) { try BrokerURL.list(text) }
        #expect(error.code == .invalidURL)
        #expect(error.message.hasPrefix("the broker's URL "))
        #expect(!"\(error)".contains("same"))
    }

    @Test func `descriptions never contain user or password`() throws {
        let url = try BrokerURL("amqps://alice:sesame@host:1/v%2Fh")
        var dumped = ""
        dump(url, to: &dumped)
        dump(BrokerSettings(urls: [url]), to: &dumped)
        for text in [url.description, "\(url)", String(reflecting: url), "\([url])", dumped] {
            #expect(!text.contains("sesame"))
            #expect(!text.contains("alice"))
        }
        #expect(url.description == "amqps://host:1/v%2Fh")
        #expect(try BrokerURL("amqp://[::1]").description == "amqp://[::1]:5672")
    }
}
