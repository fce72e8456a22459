"""An identity provider: signs tokens with RS256 and PS256, and serves its keys over HTTP."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


class IdentityProvider:
    """One provider; its tokens are about alice unless told otherwise."""

    def __init__(self):
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.add_key("first")
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps(provider.key_set()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/keys"

    def add_key(self, key_id: str) -> None:
        self.keys[key_id] = rsa.generate_private_key(65537, 2048)

    def key_set(self) -> dict:
        def number(value: int) -> str:
            return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))

        public = {key_id: key.public_key().public_numbers() for key_id, key in self.keys.items()}
        return {"keys": [{"kty": "RSA", "kid": key_id, "n": number(key.n), "e": number(key.e)} for key_id, key in public.items()]}

    def token(self, key_id: str = "first", algorithm: str = "RS256", seconds: int = 600, **claims) -> str:
        now = int(time.time())
        claims = {"sub": "alice", "aud": "kafka", "iss": "tests", "iat": now, "exp": now + seconds, **claims}
        signed = f"{encode(json.dumps({'alg': algorithm, 'kid': key_id}))}.{encode(json.dumps(claims))}"
        if algorithm == "none":
            return f"{signed}."
        pkcs = padding.PKCS1v15() if algorithm == "RS256" else padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        return f"{signed}.{encode(self.keys[key_id].sign(signed.encode(), pkcs, hashes.SHA256()))}"


def encode(data: bytes | str) -> str:
    data = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
