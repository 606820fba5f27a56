"""Certificates as a real authority makes them, with openssl."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path
from typing import NamedTuple


class Certified(NamedTuple):
    """A certificate with its chain, and its key."""

    cert: Path
    key: Path


class Authority:
    """A root, and the certificates it signs."""

    def __init__(self, folder: Path, name: str) -> None:
        self.root = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        self._folder = folder
        self._run("req", "-x509", "-days", "2", "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:true",
                  "-keyout", self._key, "-out", self.root, *self._fresh_key())  # fmt: skip

    def certify(self, host: str) -> Certified:
        """A new certificate for *host*; an earlier one of it is replaced."""
        chain = self._folder / f"{self.root.stem}-{host}.pem"
        request = self._folder / f"{host}.csr"
        extension = self._folder / f"{host}.ext"
        extension.write_text(f"subjectAltName=DNS:{host}\n")
        key = self._folder / f"{self.root.stem}-{host}.key"
        self._run("req", "-subj", f"/CN={host}", "-keyout", key, "-out", request, *self._fresh_key())
        self._run("x509", "-req", "-days", "2", "-in", request, "-CA", self.root, "-CAkey", self._key,
                  "-CAcreateserial", "-extfile", extension, "-out", chain)  # fmt: skip
        return Certified(chain, key)

    def context(self, host: str) -> ssl.SSLContext:
        """A server's side, with a certificate for *host*."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certify(host))
        return context

    @staticmethod
    def _fresh_key() -> list[str]:
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    @staticmethod
    def _run(*words: str | Path) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True)
