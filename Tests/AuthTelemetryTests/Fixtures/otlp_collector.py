# SPDX-License-Identifier: Apache-2.0
"""An OTLP collector whose decoding is that of OpenTelemetry's published classes (PyPI: opentelemetry-proto).

otlp_collector.py decode          decodes one request from standard input
otlp_collector.py serve STATUS…   receives requests on a loopback port, which is the first line printed; the first
                                  requests are answered with these statuses and ignored, all others are accepted

Both print each span as one line of JSON.
"""
import http.server
import json
import sys
import threading

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status


def value(any_value):
    kind = any_value.WhichOneof("value")
    content = getattr(any_value, kind) if kind else None
    return [value(item) for item in content.values] if kind == "array_value" else content


def values(attributes):
    return {attribute.key: value(attribute.value) for attribute in attributes}


def spans(body):
    request = ExportTraceServiceRequest()
    request.ParseFromString(body)
    if request.SerializeToString() != body:
        raise ValueError("the body has unknown fields, or fields out of order")
    for resource_spans in request.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                if len(span.trace_id) != 16 or len(span.span_id) != 8:
                    raise ValueError("an id has the wrong length")
                yield {
                    "resource": values(resource_spans.resource.attributes),
                    "scope": scope_spans.scope.name,
                    "trace": span.trace_id.hex(),
                    "id": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                    "state": span.trace_state,
                    "name": span.name,
                    "kind": Span.SpanKind.Name(span.kind),
                    "start": span.start_time_unix_nano,
                    "end": span.end_time_unix_nano,
                    "attributes": values(span.attributes),
                    "events": [
                        {"name": event.name, "time": event.time_unix_nano, "attributes": values(event.attributes)}
                        for event in span.events
                    ],
                    "links": [
                        {"trace": link.trace_id.hex(), "id": link.span_id.hex(), "flags": link.flags}
                        for link in span.links
                    ],
                    "status": Status.StatusCode.Name(span.status.code),
                    "message": span.status.message,
                    "flags": span.flags,
                }


printing = threading.Lock()


class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    refusals = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if Collector.refusals:
            self.answer(Collector.refusals.pop(0), b"")
        elif self.path != "/v1/traces" or self.headers["Content-Type"] != "application/x-protobuf":
            self.answer(404, b"")
        else:
            lines = [json.dumps(span | {"key": self.headers["X-Key"]}) for span in spans(body)]
            with printing:  # print alone writes text and line end separately, so lines of two threads could mix
                print("\n".join(lines), flush=True)
            self.answer(200, ExportTraceServiceResponse().SerializeToString())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if sys.argv[1] == "decode":
    for span in spans(sys.stdin.buffer.read()):
        print(json.dumps(span))
else:
    Collector.refusals = [int(status) for status in sys.argv[2:]]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    print(server.server_port, flush=True)
    server.serve_forever()
