# SPDX-License-Identifier: Apache-2.0
"""Seals and opens JWE with jwcrypto, an independent implementation. One JSON object in, one out."""

import json
import sys

from jwcrypto import jwe, jwk

order = json.load(sys.stdin)
key = jwk.JWK(kty="oct", k=order["key"])
if order["do"] == "open":
    token = jwe.JWE(algs=["dir", "A256GCM"])
    token.deserialize(order["token"], key)
    answer = {"header": token.jose_header, "plain": json.loads(token.payload)}
else:
    token = jwe.JWE(json.dumps(order["plain"]), json.dumps(order["header"]))
    token.add_recipient(key)
    answer = {"token": token.serialize(compact=True)}
json.dump(answer, sys.stdout)
