"""The doctor: what stands between a camera and its archive, and between the archive and its promises."""
