"""Our own program, but without thumbnails at arrival: to measure the keeping alone."""

from archive.cli import main
from archive.thumbs import Thumbs


def _warm_nothing(*_: object) -> None:
    """Leave every thumbnail to whoever asks first."""


Thumbs.warm = _warm_nothing  # type: ignore[method-assign,assignment]  # no setting of a real archive should do this
main()
