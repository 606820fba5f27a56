// Finds an archive in the local network by mDNS (`_camera-archive._tcp`).
#pragma once

#include "../core/Text.h"

namespace camera {

// Adds the address of the archive that answers, such as `http://attic.local:8080`, to `url`. False: none did. Waits 3 s
// for answers.
bool find_archive(Text& url);

}  // namespace camera
