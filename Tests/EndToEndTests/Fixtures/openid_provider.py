# SPDX-License-Identifier: Apache-2.0
"""An OpenID Connect provider with configurable faults, and a hook with a configurable response.

Prints its port. PUT /behave sets members of BEHAVIOUR; GET /heard returns the requests that /hook received.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from jwcrypto import jwk, jwt

CLIENT = "the-client"
BEHAVIOUR = {
    "fault": None,  # the fault of the next responses
    "rotate": False,  # replaces the signing key by the other key
    "sub": "4711",
    "access_token": "an-access-token",
    "refresh_token": "a-refresh-token",
    "hook": {"action": "proceed"},
}


def new_key():
    return jwk.JWK.generate(kty="RSA", size=2048, use="sig", alg="RS256", kid=secrets.token_hex(8))


class State:
    # Both are created before the first request: creating one takes long on a busy machine.
    key = new_key()
    other = new_key()
    codes = {}
    heard = []
    behaviour = dict(BEHAVIOUR)
    ended = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    @property
    def issuer(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, value, status=200, headers=()):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()

    def do_PUT(self):
        State.behaviour = {**State.behaviour, "fault": None, **json.loads(self.body())}
        if State.behaviour.pop("rotate", False):
            State.key, State.other = State.other, State.key
        self.answer({})

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/.well-known/openid-configuration":
            self.answer({
                "issuer": self.issuer,
                "authorization_endpoint": self.issuer + "/authorize",
                "token_endpoint": self.issuer + "/token",
                "userinfo_endpoint": self.issuer + "/userinfo",
                "jwks_uri": self.issuer + "/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            })
        elif url.path == "/jwks":
            self.answer({"keys": [State.key.export_public(as_dict=True)]})
        elif url.path == "/authorize":
            code = secrets.token_urlsafe(16)
            State.codes[code] = query
            back = urllib.parse.urlencode({"code": code, "state": query["state"]})
            self.answer(None, 302, [("Location", f"{query['redirect_uri']}?{back}")])
        elif url.path == "/userinfo":
            self.answer(self.claims())
        elif url.path == "/heard":
            self.answer(State.heard)
        else:
            self.answer({"error": "not_found"}, 404)

    def do_POST(self):
        if self.path == "/hook":
            State.heard.append({"headers": {k.lower(): v for k, v in self.headers.items()}, "body": self.body()})
            if State.behaviour["fault"] == "slow hook":
                State.ended.wait(20)
            return self.answer(State.behaviour["hook"])
        if self.path != "/token":
            return self.answer({"error": "not_found"}, 404)
        form = dict(urllib.parse.parse_qsl(self.body()))
        # A code is valid once and only for the client that requested it (RFC 7636, section 4.6).
        asked = State.codes.pop(form.get("code"), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if not asked or asked.get("code_challenge") != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            return self.answer({"error": "invalid_grant"}, 400)
        fault = State.behaviour["fault"]
        if fault == "slow":
            State.ended.wait(20)
        answer = {
            "access_token": State.behaviour["access_token"], "token_type": "Bearer", "expires_in": 3600,
            "refresh_token": State.behaviour["refresh_token"], "scope": "openid email profile",
            "id_token": self.id_token(asked.get("nonce"), fault),
        }
        if fault == "long":
            answer["padding"] = "x" * (4 << 20)
        self.answer(answer)

    def claims(self):
        sub = State.behaviour["sub"]
        return {"sub": sub, "email": f"person-{sub}@example.org", "email_verified": True, "name": "A Person"}

    def id_token(self, nonce, fault):
        now = int(time.time())
        claims = {
            **self.claims(), "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce,
        }
        if fault == "wrong nonce":
            claims["nonce"] = "another"
        if fault == "no nonce":
            del claims["nonce"]
        if fault == "wrong audience":
            claims["aud"] = "another-client"
        if fault == "wrong issuer":
            claims["iss"] = "http://127.0.0.1:1"
        if fault == "expired":
            claims.update(iat=now - 7200, exp=now - 3600)
        # The same key id, but another key.
        key = State.other if fault == "wrong signature" else State.key
        token = jwt.JWT(header={"alg": "RS256", "kid": State.key.kid}, claims=claims)
        token.make_signed_token(key)
        return token.serialize()


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
