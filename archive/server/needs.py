"""What a route asks of who comes to it."""

import msgspec

from archive.rights import Right


class Need(msgspec.Struct, frozen=True):
    """What a route asks of who comes: a right, or None where its handler asks for a camera's key."""

    right: Right | None
    is_page: bool = False  # a person's browser comes here: it is shown where to sign in
    may_be_left: bool = False  # what was begun is not done to its end when who asked for it has gone
