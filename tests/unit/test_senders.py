"""Cameras of the old kind are told apart by the addresses they send from."""

import pytest

from archive.errors import ConfigError
from archive.server.senders import senders


@pytest.mark.parametrize("wanted", ["garden", "garden=", "=192.168.1.50", "No Id=192.168.1.50", "garden=camera.local"])
def test_a_setting_that_names_no_camera_is_told(wanted: str) -> None:
    """With how it is said."""
    with pytest.raises(ConfigError, match=r"as garden=192\.168\.1\.50"):
        senders([wanted])


def test_two_cameras_cannot_share_an_address() -> None:
    """Nothing would tell them apart; one camera may have two addresses."""
    assert len(senders(["garden=10.0.0.1", "garden=10.0.0.2", "porch=::ffff:10.0.0.3"])) == 3
    with pytest.raises(ConfigError, match="only one camera"):
        senders(["garden=10.0.0.1", "porch=::ffff:10.0.0.1"])
