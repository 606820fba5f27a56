// The root certificates that are trusted, one or two, as the notes `root1` and `root2`: in DER, to fit.
#pragma once

#include "../core/Notes.h"
#include "EspTls.h"

namespace camera {

// Takes the certificates in `pem`, ended by NUL, in place of those there were. False, and all as before, when it holds
// none, more than two, or one that is too long for a note.
bool keep_roots(Notes& notes, const char* pem);

void trust_roots(Notes& notes, EspTls& tls);

}  // namespace camera
