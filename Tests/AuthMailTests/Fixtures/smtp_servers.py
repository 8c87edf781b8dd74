# SPDX-License-Identifier: Apache-2.0
"""Real SMTP servers (aiosmtpd) for the tests, on free loopback ports, with configurable failures.

One process serves a whole test run. It reads one line of JSON for each command and prints one for each event; both
carry the id that the test chose:

  {"id", "do": "listen", "port", …}   starts a server; the members are those of Options. Its events are "ready" with
                                      its "port", then "connected", "mail", "hanging" and "closed"
  {"id", "do": "stop"}                stops that server and closes its connections
  {"id", "do": "read", "mail"}        reports how Python's e-mail package parses a mail (base64)

It exits at the end of its standard input, so that it does not outlive the tests.
"""
import asyncio
import base64
import dataclasses
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


@dataclasses.dataclass
class Options:
    port: int = 0
    user: str = None
    password: str = None
    certificate: str = None
    key: str = None
    implicit_tls: bool = False
    greeting: str = None  # sent instead of the usual greeting; then the server stays silent
    mail: str = None  # reply to MAIL
    rcpt: str = None  # reply to RCPT; ADDRESS is replaced with the recipient
    helo: str = None  # the only accepted EHLO name; RCPT refuses any other
    data: str = None  # reply to the mail's content
    hang: str = None  # "connect" or "data": never responds at that point
    end: str = None  # after each mail: "close" the connection, or send "421" first


def describe(raw):
    """Parses a mail with code that is not ours."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    defects = [str(defect) for part in message.walk() for defect in part.defects]
    defects += [str(defect) for value in message.values() for defect in getattr(value, "defects", [])]
    return {
        "headers": [[name, str(value)] for name, value in message.items()],
        "type": message.get_content_type(),
        "parts": [
            {
                "type": part.get_content_type(),
                # The last line break belongs to the boundary in some encodings and to the text in others.
                "text": part.get_content().replace("\r\n", "\n").removesuffix("\n"),
            }
            for part in message.walk()
            if not part.is_multipart()
        ],
        "defects": defects,
        "raw": raw.decode("latin-1"),
    }


class Handler:
    def __init__(self, options, tell):
        self.options = options
        self.tell = tell

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        if self.options.mail:
            return self.options.mail
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 OK"

    async def handle_RSET(self, server, session, envelope):
        self.tell("reset")
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        self.tell("recipient")
        if self.options.helo and session.host_name != self.options.helo:
            return "504 5.5.2 <%s>: Helo command rejected: need fully-qualified hostname" % session.host_name
        if self.options.rcpt:
            return self.options.rcpt.replace("ADDRESS", address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.options.hang == "data":
            self.tell("hanging")
            await asyncio.sleep(3600)
        if self.options.data:
            return self.options.data
        self.tell(
            "mail",
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            options=[option.upper() for option in envelope.mail_options],
            user=session.auth_data.login.decode() if session.auth_data else None,
            tls=session.ssl is not None or self.options.implicit_tls,
            connection=server.number,
            message=describe(envelope.original_content),
        )
        if self.options.end:
            asyncio.get_running_loop().call_later(0.02, self.hang_up, server.transport)
        return "250 2.0.0 taken"

    def hang_up(self, transport):
        if self.options.end == "421":
            transport.write(b"421 4.4.2 idle for too long\r\n")
        transport.close()
        self.tell("closed")


class Listener:
    def __init__(self, options, tell):
        self.options = options
        self.tell = tell
        self.count = 0
        self.transports = []
        self.context = None
        if options.certificate:
            self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.context.load_cert_chain(options.certificate, options.key)

    async def start(self):
        self.server = await asyncio.get_running_loop().create_server(
            self.connection,
            "127.0.0.1",
            self.options.port,
            ssl=self.context if self.options.implicit_tls else None,
        )
        self.tell("ready", port=self.server.sockets[0].getsockname()[1])

    def stop(self):
        self.server.close()
        for transport in self.transports:
            transport.abort()
        self.tell("stopped")

    def connected(self, transport):
        self.transports.append(transport)
        self.count += 1
        self.tell("connected")
        return self.count

    def connection(self):
        if self.options.hang == "connect" or self.options.greeting:
            return Silent(self)
        settings = {"enable_SMTPUTF8": True, "hostname": "mail.example.org"}
        if self.options.user:
            settings.update(
                auth_required=True,
                authenticator=self.authenticate,
                auth_require_tls=not self.options.implicit_tls,
            )
        if self.context and not self.options.implicit_tls:
            settings.update(tls_context=self.context)
        server = Server(Handler(self.options, self.tell), **settings)
        server.listener = self
        return server

    def authenticate(self, server, session, envelope, mechanism, data):
        right = (
            isinstance(data, LoginPassword)
            and data.login.decode() == self.options.user
            and data.password.decode() == self.options.password
        )
        return AuthResult(success=right, auth_data=data if right else None, handled=False)


class Server(SMTP):
    number = None

    def connection_made(self, transport):
        if self.number is None:  # STARTTLS calls this twice
            self.number = self.listener.connected(transport)
        super().connection_made(transport)


class Silent(asyncio.Protocol):
    def __init__(self, listener):
        self.listener = listener

    def connection_made(self, transport):
        self.listener.connected(transport)
        if self.listener.options.greeting:
            transport.write(self.listener.options.greeting.encode() + b"\r\n")


async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: None)  # ignore aborted connections
    listeners = {}
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        name, verb = order.pop("id"), order.pop("do")

        def tell(event, name=name, **members):
            print(json.dumps({"id": name, "event": event, **members}), flush=True)

        if verb == "listen":
            listeners[name] = Listener(Options(**order), tell)
            await listeners[name].start()
        elif verb == "stop":
            listeners.pop(name).stop()
        elif verb == "read":
            tell("read", message=describe(base64.b64decode(order["mail"])))


asyncio.run(main())
