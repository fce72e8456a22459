"""The Bitnami image's variables of TLS, with its stores where it has them, and a real client on the other end."""

import shutil
import subprocess
import time

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from lib.broker import WithVariables
from lib.certificates import STORE_PASSWORD, Certificates

SECONDS = 20


def pem_stores(certificates: Certificates, directory) -> None:
    server = certificates.server
    encrypted = server.encrypted_pem_file.read_bytes().removesuffix(server.chain_pem)
    key = directory / "kafka.keystore.key"
    key.write_bytes(encrypted)
    key.chmod(0o600)
    (directory / "kafka.keystore.pem").write_bytes(server.chain_pem)
    shutil.copy(certificates.authority.pem_file, directory / "kafka.truststore.pem")


def jks_stores(certificates: Certificates, directory) -> None:
    def keytool(*arguments: str) -> None:
        subprocess.run(["keytool", "-storepass", STORE_PASSWORD, *arguments], check=True, capture_output=True, timeout=60)

    key_store, trust_store = directory / "kafka.keystore.jks", directory / "kafka.truststore.jks"
    source = ["-srckeystore", str(certificates.server.pkcs12_file), "-srcstorepass", STORE_PASSWORD]
    subprocess.run(
        ["keytool", "-importkeystore", *source, "-destkeystore", str(key_store), "-deststoretype", "JKS", "-deststorepass", STORE_PASSWORD],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    authority = ["-alias", "authority", "-file", str(certificates.authority.pem_file)]
    keytool("-importcert", "-noprompt", *authority, "-keystore", str(trust_store), "-storetype", "JKS")


@pytest.mark.parametrize(("kind", "stores"), [("PEM", pem_stores), ("JKS", jks_stores)])
def test_the_variables_of_tls_open_the_images_stores(request, certificates, tmp_path, kind, stores):
    if request.config.getoption("--bootstrap") or request.config.getoption("--kafka"):
        pytest.skip("the environment is this broker's own")
    directory = tmp_path / "certs"
    directory.mkdir()
    stores(certificates, directory)
    password = tmp_path / "password"
    password.write_text(STORE_PASSWORD + "\n")
    password.chmod(0o600)
    broker = WithVariables(tmp_path / "broker", listeners={"CLIENTS": "SSL"})
    broker.variables = {
        "KAFKA_TLS_TYPE": kind, "KAFKA_TLS_CLIENT_AUTH": "required", "KAFKA_CERTS_DIR": str(directory),
        "KAFKA_CERTIFICATE_PASSWORD_FILE": str(password),
    }  # fmt: skip
    broker.start()
    try:
        assert reaches(broker, certificates, certificates.client())
        assert not reaches(broker, certificates, None), "KAFKA_TLS_CLIENT_AUTH=required"
    finally:
        broker.stop()
    assert not broker.unexpected_complaints()


def reaches(broker, certificates: Certificates, client) -> bool:
    errors = []
    config = {
        "bootstrap.servers": broker.address("CLIENTS"), "security.protocol": "SSL", "log_level": 0, "error_cb": errors.append,
        "ssl.ca.location": str(certificates.authority.pem_file),
    }  # fmt: skip
    if client:
        config |= {"ssl.key.location": str(client.key_file), "ssl.certificate.location": str(client.certificate_file)}
    admin = AdminClient(config)
    deadline = time.monotonic() + SECONDS
    while not errors and time.monotonic() < deadline:
        try:
            return bool(admin.list_topics(timeout=0.2).brokers)
        except KafkaException:
            admin.poll(0)
    assert errors, "neither let in nor refused"
    return False
