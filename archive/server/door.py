"""Where the archive listens: known only once it does, for whoever must tell a camera."""

import msgspec


class Door(msgspec.Struct):
    """The network address of a running archive; port 0 while only its owner's socket is open."""

    host: str = ""
    port: int = 0
