// What a thumbnail costs in bare libjpeg-turbo: `thumb PHOTO REPETITIONS` prints CPU milliseconds per thumbnail.
#include <stdio.h>
#include <time.h>

#include "thumbnail.h"

static double cpu_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: thumb PHOTO REPETITIONS\n"), 2;
  FILE *file = fopen(argv[1], "rb");
  if (!file) return perror(argv[1]), 1;
  static uint8_t photo[16 << 20];
  size_t size = fread(photo, 1, sizeof photo, file);
  fclose(file);

  int repetitions = atoi(argv[2]);
  Thumbnailer thumbnailer = thumbnailer_new();
  if (thumbnail(&thumbnailer, photo, size) < 0) return fprintf(stderr, "not a JPEG\n"), 1;  // also warms the caches
  double began = cpu_s();
  for (int i = 0; i < repetitions; i++) thumbnail(&thumbnailer, photo, size);
  printf("%.6f\n", (cpu_s() - began) * 1000 / repetitions);
  return 0;
}
