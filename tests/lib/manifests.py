"""The Kubernetes manifests of deploy/, put together by kustomize as `kubectl apply -k` would."""

import shutil
import subprocess
from pathlib import Path

import yaml

from lib.broker import REPOSITORY, TOOLS

DEPLOY = REPOSITORY / "deploy"
KUBERNETES = DEPLOY / "kubernetes"


def render(directory: Path) -> list[dict]:
    """What `kustomize build` makes of a directory, object by object."""
    built = subprocess.run([TOOLS / "kustomize" / "kustomize", "build", directory], capture_output=True, text=True, timeout=60)
    assert built.returncode == 0, built.stderr
    assert not built.stderr, built.stderr
    return list(yaml.safe_load_all(built.stdout))


def render_secured(scratch: Path, passwords: dict[str, str]) -> list[dict]:
    """The overlay `secured` in a copy, with the files that an operator puts beside it."""
    copy = scratch / "kubernetes"
    shutil.copytree(KUBERNETES, copy)
    secured = copy / "overlays" / "secured"
    shutil.copy(REPOSITORY / "config" / "topics.yaml", secured)
    (secured / "passwords.env").write_text("".join(f"{name}={value}\n" for name, value in passwords.items()))
    return render(secured)


def only(objects: list[dict], kind: str) -> dict:
    """The one object of that kind."""
    [found] = [item for item in objects if item["kind"] == kind]
    return found


def container(objects: list[dict]) -> dict:
    """The broker's container."""
    [found] = only(objects, "StatefulSet")["spec"]["template"]["spec"]["containers"]
    return found


def environment(objects: list[dict]) -> dict[str, str]:
    """The variables with their values in the manifest; those that come from elsewhere are left out."""
    return {entry["name"]: entry["value"] for entry in container(objects)["env"] if "value" in entry}
