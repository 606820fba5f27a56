// Many listeners that cost little: N connections to the event stream that read, count the `frame` events and forget the
// rest.
//
// usage: listeners PORT PATH N [STUCK]     the last STUCK of the N never read
// Prints a line of JSON once all have begun to receive, and one more for every line on its standard input; ends with
// it.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINE_START = 16 };

typedef struct {
  int fd;
  long frames;
  char line[LINE_START + 1];  // how the line being received starts
  int line_size;
} Listener;

static Listener *listeners;
static int listener_count, stuck_count;
static long byte_count, frame_count;
static double last_frame_s;
static char buffer[1 << 18];

static void check(bool is_good, const char *what) {
  if (is_good) return;
  perror(what);
  exit(1);
}

static void line_ended(Listener *l) {
  l->line[l->line_size] = 0;
  l->line_size = 0;
  if (strncmp(l->line, "event:", 6) != 0) return;
  if (strcmp(l->line + 6 + (l->line[6] == ' '), "frame") != 0) return;
  l->frames++;
  frame_count++;
}

static void receive(Listener *l) {
  ssize_t got = recv(l->fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  check(got > 0, "a listener was hung up on");
  byte_count += got;
  long frames_before = frame_count;
  for (char *at = buffer, *end = buffer + got; at < end;) {
    char *newline = memchr(at, '\n', (size_t)(end - at));
    long size = (newline ? newline : end) - at;
    for (long i = 0; i < size && l->line_size < LINE_START; i++) l->line[l->line_size++] = at[i];
    if (!newline) break;
    line_ended(l);
    at = newline + 1;
  }
  if (frame_count == frames_before) return;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  last_frame_s = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void report(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  long least = listener_count > stuck_count ? listeners[0].frames : 0;
  for (int i = 0; i < listener_count - stuck_count; i++)
    if (listeners[i].frames < least) least = listeners[i].frames;
  printf("{\"least_frames\": %ld, \"frames\": %ld, \"bytes\": %ld, \"last_frame_s\": %.6f, \"cpu_s\": %.6f}\n", least,
         frame_count, byte_count, last_frame_s,
         (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
             (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
  fflush(stdout);
}

static void dial(Listener *l, int port, const char *path, bool is_stuck) {
  l->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (is_stuck) setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int));
  struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  check(connect(l->fd, (struct sockaddr *)&to, sizeof to) == 0, "connect");
  char head[256];
  int size =
      snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n", path);
  check(send(l->fd, head, (size_t)size, 0) == size, "send");
}

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "usage: listeners PORT PATH N [STUCK]\n"), 2;
  listener_count = atoi(argv[3]);
  stuck_count = argc > 4 ? atoi(argv[4]) : 0;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  listeners = calloc((size_t)listener_count, sizeof *listeners);
  int poll = epoll_create1(0);
  for (int i = 0; i < listener_count; i++) {
    bool is_stuck = i >= listener_count - stuck_count;
    dial(&listeners[i], atoi(argv[1]), argv[2], is_stuck);
    check(recv(listeners[i].fd, buffer, is_stuck ? 1 : 64, MSG_WAITALL) > 0, "a greeting");
    if (is_stuck) continue;
    epoll_ctl(poll, EPOLL_CTL_ADD, listeners[i].fd,
              &(struct epoll_event){.events = EPOLLIN, .data.ptr = &listeners[i]});
  }
  epoll_ctl(poll, EPOLL_CTL_ADD, STDIN_FILENO, &(struct epoll_event){.events = EPOLLIN, .data.ptr = NULL});
  report();
  for (;;) {
    struct epoll_event events[256];
    int n = epoll_wait(poll, events, 256, -1);
    for (int i = 0; i < n; i++) {
      if (events[i].data.ptr) {
        receive(events[i].data.ptr);
        continue;
      }
      char asked[64];
      if (read(STDIN_FILENO, asked, sizeof asked) <= 0) return 0;
      report();
    }
  }
}
