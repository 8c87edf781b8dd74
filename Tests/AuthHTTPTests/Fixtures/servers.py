# SPDX-License-Identifier: Apache-2.0
"""Servers on loopback for the tests of outgoing HTTP; each prints its port, then the request line of each request.

    servers.py https CERTIFICATE KEY   responds to every request with 200 and "hello"
    servers.py proxy [USER:PASSWORD]   an HTTP proxy for CONNECT that resolves every host to 127.0.0.1
    servers.py closing                 accepts a connection and closes it
    servers.py http                    keeps connections open, and prints "accepted" for each; the path says what it does
"""
import base64
import socket
import ssl
import sys
import threading


printing = threading.Lock()


def say(text):
    with printing:  # print alone writes text and line end separately, so lines of two threads could mix
        print(text, flush=True)


def head(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    return data.decode("latin-1")


def whole(connection):
    """The head of a request whose body has been read: closing with unread data resets the connection, and a reset
    that arrives with the response hides it."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    request, body = data.split(b"\r\n\r\n", 1)
    lengths = [line.split(b":")[1] for line in request.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    left = int(lengths[0]) - len(body) if lengths else 0
    while left > 0:
        more = connection.recv(65536)
        if not more:
            return None
        left -= len(more)
    return request.decode("latin-1")


def carry(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def https(connection, context):
    with context.wrap_socket(connection, server_side=True) as secure:
        request = whole(secure)
        if request:
            say(request.split("\r\n")[0])
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")


everyone = threading.Barrier(8)


def http(connection):
    say("accepted")
    while request := whole(connection):
        line = request.split("\r\n")[0]
        say(line)
        path = line.split(" ")[1]
        if path == "/hello":
            answer(connection, b"hello")
        elif path == "/echo":
            answer(connection, request.encode("latin-1"))
        elif path == "/together":
            everyone.wait(60)  # responds only to eight requests at a time
            answer(connection, b"together")
        elif path == "/moved":
            connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /hello\r\nContent-Length: 0\r\n\r\n")
        elif path == "/large":
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        elif path == "/large-head":
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                connection.sendall(b"X-Padding: " + b"x" * 4000 + b"\r\n")
        elif path == "/cut":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
            return
        elif path == "/unfinished":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
        elif path == "/last":
            answer(connection, b"last")
            return
        elif path == "/gone":
            return
        elif path == "/switched":
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\n\r\nhello")
            return
        elif path == "/not-http":
            connection.sendall(b"220 mail.example.org ESMTP\r\n")
            return
        # Every other path gets no response.


def answer(connection, body):
    head = "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Empty:\r\nX-Number: 1\r\nx-number: 2\r\n\r\n" % len(body)
    connection.sendall(head.encode() + body)


def proxy(connection, login):
    request = head(connection)
    if not request:
        return
    say(request.split("\r\n")[0])
    if login:
        wanted = "basic " + base64.b64encode(login.encode()).decode()
        lines = [line.lower() for line in request.split("\r\n")]
        if "proxy-authorization: " + wanted.lower() not in lines:
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
    method, place, _ = request.split("\r\n")[0].split(" ")
    if method != "CONNECT" or place.startswith("forbidden"):
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        return
    server = socket.create_connection(("127.0.0.1", int(place.rsplit(":", 1)[1])))
    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    other = threading.Thread(target=carry, args=(server, connection), daemon=True)
    other.start()
    carry(connection, server)
    other.join()


def main():
    kind, rest = sys.argv[1], sys.argv[2:]
    if kind == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*rest)
        serve = lambda connection: https(connection, context)
    elif kind == "proxy":
        serve = lambda connection: proxy(connection, rest[0] if rest else None)
    elif kind == "http":
        serve = http
    else:
        serve = lambda connection: None

    def handle(connection):
        with connection:
            try:
                serve(connection)
            except (OSError, ssl.SSLError):
                pass

    listener = socket.create_server(("127.0.0.1", 0))
    say(listener.getsockname()[1])
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=handle, args=(connection,), daemon=True).start()


main()
