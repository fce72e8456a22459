"""SCRAM (RFC 5802) by hand, so that a test can bend any part of it."""

import base64
import hashlib
import hmac
import os

from lib.wire import Connection


class Scram:
    """One exchange of a client."""

    def __init__(self, user: str, password: str, hash_name: str = "sha512", authorization_id: str = "", nonce: str | None = None):
        self.user, self.password, self.hash_name = user, password, hash_name
        self.gs2_header = f"n,{'a=' + authorization_id if authorization_id else ''},"
        self.nonce = nonce or base64.b64encode(os.urandom(18)).decode()

    @property
    def mechanism(self) -> str:
        return {"sha256": "SCRAM-SHA-256", "sha512": "SCRAM-SHA-512"}[self.hash_name]

    @property
    def first_bare(self) -> str:
        name = self.user.replace("=", "=3D").replace(",", "=2C")
        return f"n={name},r={self.nonce}"

    def first(self) -> bytes:
        return (self.gs2_header + self.first_bare).encode()

    def final(self, server_first: str, nonce: str | None = None, gs2_header: str | None = None, proof: bytes | None = None) -> bytes:
        """What an honest client says last, unless a part of it is given."""
        parts = dict(part.split("=", 1) for part in server_first.split(","))
        binding = base64.b64encode((self.gs2_header if gs2_header is None else gs2_header).encode()).decode()
        without_proof = f"c={binding},r={parts['r'] if nonce is None else nonce}"
        if proof is None:
            salted = hashlib.pbkdf2_hmac(self.hash_name, self.password.encode(), base64.b64decode(parts["s"]), int(parts["i"]))
            client_key = self._mac(salted, b"Client Key")
            stored_key = hashlib.new(self.hash_name, client_key).digest()
            signature = self._mac(stored_key, ",".join((self.first_bare, server_first, without_proof)).encode())
            proof = bytes(one ^ other for one, other in zip(client_key, signature, strict=True))
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def _mac(self, key: bytes, message: bytes) -> bytes:
        return hmac.new(key, message, self.hash_name).digest()


def handshake(connection: Connection, mechanism: str) -> Connection:
    answer = connection.ask("SaslHandshake", 1, mechanism=mechanism)
    assert answer.error_code == 0, answer
    return connection


def say(connection: Connection, message: bytes):
    """One message of an exchange and the answer to it."""
    return connection.ask("SaslAuthenticate", 2, auth_bytes=message)
