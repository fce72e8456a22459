"""Certificates for tests over TLS: an authority, servers and clients signed by it, and some that must be refused.

Made anew for each run, as PEM and PKCS12, so that no key is in the repository and none expires while nobody looks.
"""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

STORE_PASSWORD = "store-secret-1"
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")

_NAME_PARTS = {
    "CN": NameOID.COMMON_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME, "O": NameOID.ORGANIZATION_NAME, "L": NameOID.LOCALITY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME, "C": NameOID.COUNTRY_NAME,
}  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """A private key with its certificate, and the files that hold them."""

    directory: Path
    name: str
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    issuer: x509.Certificate

    @property
    def key_file(self) -> Path:
        """The key alone, PKCS8 in PEM, without a password."""
        return self._written("key", self.key_pem)

    @property
    def certificate_file(self) -> Path:
        """The certificate, then its issuer's, in PEM."""
        return self._written("crt", self.chain_pem)

    @property
    def pem_file(self) -> Path:
        """Key and certificates in one file, as `ssl.keystore.type=PEM` wants it."""
        return self._written("pem", self.key_pem + self.chain_pem)

    @property
    def encrypted_pem_file(self) -> Path:
        """The same with the key encrypted by `STORE_PASSWORD`."""
        how = serialization.BestAvailableEncryption(STORE_PASSWORD.encode())
        return self._written("encrypted.pem", _key_pem(self.key, how) + self.chain_pem)

    @property
    def pkcs12_file(self) -> Path:
        """Key and certificates as PKCS12 with `STORE_PASSWORD`."""
        how = serialization.BestAvailableEncryption(STORE_PASSWORD.encode())
        store = pkcs12.serialize_key_and_certificates(self.name.encode(), self.key, self.certificate, [self.issuer], how)
        return self._written("p12", store)

    @property
    def key_pem(self) -> bytes:
        return _key_pem(self.key, serialization.NoEncryption())

    @property
    def chain_pem(self) -> bytes:
        return _certificate_pem(self.certificate) + _certificate_pem(self.issuer)

    def _written(self, suffix: str, content: bytes) -> Path:
        path = self.directory / f"{self.name}.{suffix}"
        if not path.exists():
            path.write_bytes(content)
            path.chmod(0o600)
        return path


class Authority:
    """A certificate authority of its own."""

    def __init__(self, directory: Path, name: str = "authority"):
        directory.mkdir(parents=True, exist_ok=True)
        self.directory, self.name = directory, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = _distinguished_name(f"CN={name},O=hanzo-stream tests")
        self.certificate = (
            _builder(subject, subject, self.key, days=(-1, 30))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    @property
    def pem_file(self) -> Path:
        path = self.directory / f"{self.name}.pem"
        if not path.exists():
            path.write_bytes(_certificate_pem(self.certificate))
        return path

    @property
    def pkcs12_file(self) -> Path:
        """The certificate as a trust store that Java reads, with `STORE_PASSWORD`."""
        how = serialization.BestAvailableEncryption(STORE_PASSWORD.encode())
        entry = pkcs12.PKCS12Certificate(self.certificate, self.name.encode())
        path = self.directory / f"{self.name}.p12"
        path.write_bytes(pkcs12.serialize_java_truststore([entry], how))
        return path

    def issue(
        self, name: str, subject: str | None = None, usages=(SERVER, CLIENT), hosts=LOCAL_HOSTS, days: tuple[float, float] = (-1, 30)
    ) -> Identity:
        """`subject` is a name such as `CN=alice,OU=billing`, in the order of the certificate; `days` are first and last, from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_distinguished_name(subject or f"CN={name}"), self.certificate.subject, key, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(list(usages)), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
        return Identity(self.directory, name, key, builder.sign(self.key, hashes.SHA256()), self.certificate)


class Certificates:
    """What most tests need. Each identity is made when it is first asked for."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.authority = Authority(directory)
        self.other_authority = Authority(directory / "other", "other-authority")
        self.server = self.authority.issue("server", usages=(SERVER,))

    def client(self, name: str = "client", subject: str | None = None) -> Identity:
        return self.authority.issue(name, subject, usages=(CLIENT,), hosts=())

    def expired_client(self) -> Identity:
        return self.authority.issue("expired-client", usages=(CLIENT,), hosts=(), days=(-20, -10))

    def future_client(self) -> Identity:
        return self.authority.issue("future-client", usages=(CLIENT,), hosts=(), days=(10, 20))

    def stranger(self) -> Identity:
        """A client of an authority that the server does not trust."""
        return self.other_authority.issue("stranger", usages=(CLIENT,), hosts=())

    def client_for_servers_only(self) -> Identity:
        """The extended key usage says server: no client."""
        return self.authority.issue("server-usage", usages=(SERVER,), hosts=())

    def expired_server(self) -> Identity:
        return self.authority.issue("expired-server", usages=(SERVER,), days=(-20, -10))

    def server_elsewhere(self) -> Identity:
        """Its names are not this machine's."""
        return self.authority.issue("server-elsewhere", usages=(SERVER,), hosts=("broker.example",))

    def pem_settings(self) -> dict[str, str]:
        """`ssl.*` for a broker from PEM files: no key to derive from a password, which takes a second without optimization."""
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.server.pem_file),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.pem_file),
        }

    def server_settings(self, client_auth: str = "none") -> dict[str, str]:
        """`ssl.*` for a broker, from PKCS12 stores, which every broker reads."""
        return {
            "ssl.keystore.type": "PKCS12",
            "ssl.keystore.location": str(self.server.pkcs12_file),
            "ssl.keystore.password": STORE_PASSWORD,
            "ssl.key.password": STORE_PASSWORD,
            "ssl.truststore.type": "PKCS12",
            "ssl.truststore.location": str(self.authority.pkcs12_file),
            "ssl.truststore.password": STORE_PASSWORD,
            "ssl.client.auth": client_auth,
        }


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: tuple[float, float]) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    first, last = (now + datetime.timedelta(days=offset) for offset in days)
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(issuer).public_key(public).serial_number(x509.random_serial_number())
        .not_valid_before(first).not_valid_after(last)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )  # fmt: skip


def _distinguished_name(text: str) -> x509.Name:
    parts = (part.split("=", 1) for part in text.split(","))
    return x509.Name([x509.NameAttribute(_NAME_PARTS[kind], value) for kind, value in parts])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        key_cert_sign=signs_certificates, crl_sign=signs_certificates, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _key_pem(key: ec.EllipticCurvePrivateKey, how) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)


def _certificate_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
