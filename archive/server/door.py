"""Where the archive listens: known only once it does, for whoever must tell a camera."""

import msgspec


class Door(msgspec.Struct):
    """The addresses of a running archive; port 0 while only its owner's socket is open."""

    host: str = ""
    port: int = 0
    is_tls: bool = False
    outside_port: int = (
        0  # of loopback: what comes in there comes from outside, by a tunnel, and never from our network
    )
    public_url: str = ""  # where the world reaches us; empty while nobody told
