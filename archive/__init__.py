"""esp32-camera-archive: cameras POST frames, the archive keeps them for good and shows each one at once."""

__version__ = "0.1.0"
