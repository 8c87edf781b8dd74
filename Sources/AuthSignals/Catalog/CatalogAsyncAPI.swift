// SPDX-License-Identifier: Apache-2.0

/// The catalogue as an AsyncAPI 3.0 document: one channel, message and operation per signal.
///
/// Source: AsyncAPI 3.0.0; AMQP bindings 0.3.0.
struct CatalogAsyncAPI {
    var schemas: [SignalSchema]
    var exchange: String

    var document: JSONValue {
        [
            "asyncapi": "3.0.0",
            "info": [
                "title": "Authentication signals",
                "version": "1.0.0",
                "description":
                    "Facts about accounts, published to a topic exchange at least once. The routing key is the signal's name.",
            ],
            "defaultContentType": .string(SignalCodec.contentType),
            "channels": named { channel($0) },
            "operations": named { operation($0) },
            "components": [
                "messages": named { message($0) },
                "schemas": .object(
                    ["event": Self.event].merging(
                        schemas.map { ($0.name.rawValue, $0.fragment) },
                        uniquingKeysWith: { first, _ in first })),
            ],
        ]
    }

    private func named(_ value: (SignalSchema) -> JSONValue) -> JSONValue {
        .object(
            Dictionary(
                schemas.map { ($0.name.rawValue, value($0)) }, uniquingKeysWith: { first, _ in first }))
    }

    private func channel(_ schema: SignalSchema) -> JSONValue {
        let name = schema.name.rawValue
        return [
            "address": .string(name),
            "messages": .object([name: Self.reference("#/components/messages/\(name)")]),
            "bindings": [
                "amqp": [
                    "is": "routingKey",
                    "exchange": [
                        "name": .string(exchange), "type": "topic", "durable": true, "autoDelete": false,
                    ],
                    "bindingVersion": "0.3.0",
                ]
            ],
        ]
    }

    private func operation(_ schema: SignalSchema) -> JSONValue {
        let name = schema.name.rawValue
        return [
            "action": "send",
            "channel": Self.reference("#/channels/\(name)"),
            "messages": [Self.reference("#/channels/\(name)/messages/\(name)")],
            "bindings": [
                "amqp": ["deliveryMode": 2, "mandatory": true, "timestamp": true, "bindingVersion": "0.3.0"]
            ],
        ]
    }

    private func message(_ schema: SignalSchema) -> JSONValue {
        let name = schema.name.rawValue
        var message: [String: JSONValue] = [
            "name": .string(name),
            "contentType": .string(SignalCodec.contentType),
            "correlationId": ["location": "$message.payload#/correlationid"],
            "headers": [
                "type": "object",
                "properties": [
                    "subject": ["type": "string"], "traceparent": ["type": "string"],
                    "tracestate": ["type": "string"],
                ],
            ],
            "payload": [
                "allOf": [
                    Self.reference("#/components/schemas/event"),
                    [
                        "type": "object",
                        "properties": [
                            "type": ["const": .string(name)],
                            "data": Self.reference("#/components/schemas/\(name)"),
                        ],
                    ],
                ]
            ],
            "bindings": ["amqp": ["messageType": .string(name), "bindingVersion": "0.3.0"]],
        ]
        if !schema.summary.isEmpty { message["summary"] = .string(schema.summary) }
        return .object(message)
    }

    private static func reference(_ pointer: String) -> JSONValue { ["$ref": .string(pointer)] }

    /// The envelope: CloudEvents 1.0, structured JSON mode.
    static let event: JSONValue = [
        "type": "object",
        "required": [
            "specversion", "id", "source", "type", "time", "datacontenttype", "dataschema", "sequence",
            "correlationid", "data",
        ],
        "properties": [
            "specversion": ["const": "1.0"],
            "id": ["type": "string", "format": "uuid"],
            "source": ["type": "string", "format": "uri"],
            "type": ["type": "string"],
            "subject": ["type": "string"],
            "time": ["type": "string", "format": "date-time"],
            "datacontenttype": ["const": "application/json"],
            "dataschema": ["type": "string", "format": "uri"],
            "sequence": ["type": "string", "pattern": "^[0-9]{20}$"],
            "correlationid": ["type": "string"],
            "data": ["type": "object"],
        ],
    ]
}
