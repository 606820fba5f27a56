// The thumbnail rule of the archive in bare libjpeg-turbo: the smallest of 1/1, 1/2, 1/4 and 1/8 that is at least 320
// wide, scaled inside the DCT, written as JPEG of quality 80.
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <turbojpeg.h>

enum { THUMBNAIL_MIN_WIDTH = 320, THUMBNAIL_QUALITY = 80 };

typedef struct {
  tjhandle decoder, encoder;
  uint8_t *pixels;
  size_t pixels_size;
  uint8_t *jpeg;  // the latest thumbnail; valid until the next call
  unsigned long jpeg_size;
} Thumbnailer;

static Thumbnailer thumbnailer_new(void) {
  return (Thumbnailer){.decoder = tjInitDecompress(), .encoder = tjInitCompress()};
}

// Returns 0, or -1 when the picture cannot be decoded.
static int thumbnail(Thumbnailer *t, const uint8_t *photo, size_t size) {
  int width, height, subsampling, colours;
  if (tjDecompressHeader3(t->decoder, photo, size, &width, &height, &subsampling, &colours) < 0) return -1;
  tjscalingfactor scale = {1, 8};
  while (scale.denom > 1 && TJSCALED(width, scale) < THUMBNAIL_MIN_WIDTH) scale.denom /= 2;
  width = TJSCALED(width, scale);
  height = TJSCALED(height, scale);
  size_t needed = (size_t)width * (size_t)height * 3;
  if (needed > t->pixels_size) {
    t->pixels = realloc(t->pixels, needed);
    t->pixels_size = needed;
    if (!t->pixels) abort();
  }
  if (tjDecompress2(t->decoder, photo, size, t->pixels, width, 0, height, TJPF_RGB, 0) < 0) return -1;
  return tjCompress2(t->encoder, t->pixels, width, 0, height, TJPF_RGB, &t->jpeg, &t->jpeg_size, TJSAMP_420,
                     THUMBNAIL_QUALITY, 0);
}
