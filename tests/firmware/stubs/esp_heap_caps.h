#pragma once
#include <cstddef>
#include <cstdint>
#define MALLOC_CAP_SPIRAM (1 << 10)
#define MALLOC_CAP_INTERNAL (1 << 11)
#define MALLOC_CAP_8BIT (1 << 2)
extern "C" {
void* heap_caps_malloc(size_t size, uint32_t caps);
size_t heap_caps_get_minimum_free_size(uint32_t caps);
size_t heap_caps_get_free_size(uint32_t caps);
}
