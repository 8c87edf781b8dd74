# SPDX-License-Identifier: Apache-2.0
"""Servers on loopback for the tests of outgoing HTTP; each prints its port, then the request line of each request.

    servers.py https CERTIFICATE KEY   responds to every request with 200 and "hello"
    servers.py proxy [USER:PASSWORD]   an HTTP proxy for CONNECT that resolves every host to 127.0.0.1
    servers.py closing                 accepts a connection and closes it
"""
import base64
import socket
import ssl
import sys
import threading


def say(text):
    print(text, flush=True)


def head(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    return data.decode("latin-1")


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
        request = head(secure)
        if request:
            say(request.split("\r\n")[0])
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")


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
    else:
        serve = lambda connection: None

    def answer(connection):
        with connection:
            try:
                serve(connection)
            except (OSError, ssl.SSLError):
                pass

    listener = socket.create_server(("127.0.0.1", 0))
    say(listener.getsockname()[1])
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


main()
