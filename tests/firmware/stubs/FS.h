#pragma once
#include "Arduino.h"
namespace fs {
class FS {};
}  // namespace fs
