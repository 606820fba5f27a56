// A client that costs little: K keep-alive connections that send N requests, as fast as they are answered or at a given
// rate.
//
// Every frame's bytes differ: a JPEG comment with the frame's boot and number is slipped in behind the start-of-image
// marker. Prints one line of JSON: seconds, latencies, failures and the client's own CPU, so that it can be shown not
// to be the limit. At a rate, latency counts from the moment a request was due, also when no connection was free.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PHOTOS = 16, MAX_PATHS = 4096, REPLY_HEAD = 8192 };
enum { START_SIZE = 22 };  // start of image (2), comment marker and length (4), boot and number (16)

typedef struct {
  uint8_t *bytes;
  size_t size;
} Photo;

typedef struct {
  int fd, index;
  bool is_busy;
  uint64_t boot;
  long number;
  double due;
  char head[1024], start[START_SIZE + 1], tail[64];
  struct iovec parts[5];  // what is still to be sent
  int part, part_count;
  char reply[REPLY_HEAD + 1];
  size_t reply_size;
  bool has_head, closes;
  long body_left;  // of the reply; -1: until the server hangs up
} Connection;

static const char *method = "POST", *path = "/api/frames", *multipart, *expected = "";
static int port, connection_count = 1, camera_count;
static long request_count = 1;
static double rate;
static Photo photos[MAX_PHOTOS];
static int photo_count;
static char *paths[MAX_PATHS];
static int path_count;

static Connection *connections;
static long started, finished, failures;
static double *latencies, began;
static int poll_fd;

static double now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void check(bool is_good, const char *what) {
  if (is_good) return;
  perror(what);
  exit(1);
}

static void part(Connection *c, const void *bytes, size_t size) {
  c->parts[c->part_count++] = (struct iovec){(void *)bytes, size};
}

static void compose(Connection *c) {
  c->part = c->part_count = 0;
  if (path_count) {
    int size =
        snprintf(c->head, sizeof c->head, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", paths[started % path_count]);
    return part(c, c->head, (size_t)size);
  }
  Photo photo = photos[started % photo_count];
  char name[64], target[256], before[256] = "";
  snprintf(name, sizeof name, "%016llx-%ld", (unsigned long long)c->boot, c->number);
  snprintf(target, sizeof target, path, name);  // a path may hold one %s: the frame's name
  memcpy(c->start, "\xff\xd8\xff\xfe\x00\x12", 6);
  snprintf(c->start + 6, sizeof c->start - 6, "%08x%08lx", (unsigned)c->boot, c->number & 0xffffffff);
  size_t size = START_SIZE + photo.size - 2, before_size = 0, tail_size = 0;
  const char *media_type = "image/jpeg";
  if (multipart) {
    media_type = "multipart/form-data; boundary=limit-of-parts";
    before_size =
        (size_t)snprintf(before, sizeof before,
                         "--limit-of-parts\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s.jpg\"\r\n"
                         "Content-Type: image/jpeg\r\n\r\n",
                         multipart, name);
    tail_size = (size_t)snprintf(c->tail, sizeof c->tail, "\r\n--limit-of-parts--\r\n");
  }
  int head_size = snprintf(c->head, sizeof c->head,
                           "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                           "Camera-Frame: boot=\"%016llx\", number=%ld\r\nCamera-Status: id=\"cam-%d\"\r\n\r\n%s",
                           method, target, media_type, before_size + size + tail_size, (unsigned long long)c->boot,
                           c->number, c->index % camera_count, before);
  check(head_size > 0 && (size_t)head_size < sizeof c->head, "a long head");
  c->number++;
  part(c, c->head, (size_t)head_size);
  part(c, c->start, START_SIZE);
  part(c, photo.bytes + 2, photo.size - 2);
  if (tail_size) part(c, c->tail, tail_size);
}

// -- one request and its reply

static void finish(Connection *c);

static void watch(Connection *c, uint32_t events) {
  epoll_ctl(poll_fd, EPOLL_CTL_MOD, c->fd, &(struct epoll_event){.events = events, .data.ptr = c});
}

static void send_rest(Connection *c) {
  while (c->part < c->part_count) {
    ssize_t sent = writev(c->fd, c->parts + c->part, c->part_count - c->part);
    if (sent < 0 && errno == EAGAIN) return watch(c, EPOLLIN | EPOLLOUT);
    check(sent > 0, "send");
    for (; c->part < c->part_count && (size_t)sent >= c->parts[c->part].iov_len; c->part++)
      sent -= (ssize_t)c->parts[c->part].iov_len;
    if (c->part < c->part_count) {
      c->parts[c->part].iov_base = (uint8_t *)c->parts[c->part].iov_base + sent;
      c->parts[c->part].iov_len -= (size_t)sent;
    }
  }
  watch(c, EPOLLIN);
}

static void dial(Connection *c) {
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  check(connect(c->fd, (struct sockaddr *)&to, sizeof to) == 0, "connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = c});
}

static void begin(Connection *c, double due) {
  compose(c);
  started++;
  c->due = due;
  c->is_busy = true;
  c->has_head = c->closes = false;
  c->reply_size = 0;
  send_rest(c);
}

static void read_head(Connection *c, size_t got) {
  c->reply_size += got;
  c->reply[c->reply_size] = 0;
  char *end = strstr(c->reply, "\r\n\r\n");
  if (!end) return check(c->reply_size < REPLY_HEAD, "a long reply");
  end[2] = 0;
  c->has_head = true;
  char *length = strcasestr(c->reply, "\r\nContent-Length:");
  c->closes = strncmp(c->reply, "HTTP/1.0", 8) == 0 || strcasestr(c->reply, "\r\nConnection: close");
  c->body_left = length                                                   ? atol(length + 17)
                 : strcasestr(c->reply, "\r\nTransfer-Encoding: chunked") ? 0
                 : c->closes                                              ? -1
                                                                          : 0;
  long early = (long)(c->reply_size - (size_t)(end + 4 - c->reply));
  if (c->body_left > 0) c->body_left -= early < c->body_left ? early : c->body_left;
  if (c->reply[9] != '2' || !strstr(c->reply, expected)) {
    if (!failures++) fprintf(stderr, "an unexpected reply: %.400s\n", c->reply);
  }
}

static void receive(Connection *c) {
  static char body[1 << 20];
  ssize_t got = c->has_head ? recv(c->fd, body, sizeof body, 0)
                            : recv(c->fd, c->reply + c->reply_size, REPLY_HEAD - c->reply_size, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    if (c->is_busy && !(c->has_head && c->body_left < 0)) check(false, "the server hung up");
    c->closes = true;
    c->body_left = 0;
  } else if (!c->has_head)
    read_head(c, (size_t)got);
  else if (c->body_left > 0)
    c->body_left -= got;
  if (c->closes && c->has_head && c->body_left == 0) {
    close(c->fd);
    dial(c);
  }
  if (c->is_busy && c->has_head && c->body_left == 0) finish(c);
}

// -- who sends when

static Connection **idle;  // a ring: the longest idle comes first, so that every camera has its turn
static int idle_first, idle_count;

static void rest(Connection *c) { idle[(idle_first + idle_count++) % connection_count] = c; }

static Connection *longest_idle(void) {
  Connection *c = idle[idle_first];
  idle_first = (idle_first + 1) % connection_count;
  idle_count--;
  return c;
}

static double due_s(long request) { return rate > 0 ? began + (double)request / rate : now_s(); }

static void begin_what_is_due(void) {
  while (started < request_count && idle_count && (rate == 0 || due_s(started) <= now_s()))
    begin(longest_idle(), due_s(started));
}

static void finish(Connection *c) {
  c->is_busy = false;
  latencies[finished++] = now_s() - c->due;
  rest(c);
}

static int by_size(const void *a, const void *b) {
  return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double percentile_ms(double share) { return latencies[(long)((double)(finished - 1) * share)] * 1000; }

static void run(void) {
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, timer, &(struct epoll_event){.events = EPOLLIN, .data.ptr = NULL});
  if (rate > 0) {
    long period_ns = (long)(1e9 / rate);
    struct timespec period = {period_ns / 1000000000, period_ns % 1000000000};
    timerfd_settime(timer, 0, &(struct itimerspec){period, period}, NULL);
  }
  began = now_s();
  begin_what_is_due();
  while (finished < request_count) {
    struct epoll_event events[256];
    int n = epoll_wait(poll_fd, events, 256, 30000);
    check(n > 0, "30 seconds without an answer");
    for (int i = 0; i < n; i++) {
      Connection *c = events[i].data.ptr;
      if (!c) {
        uint64_t ticks;
        check(read(timer, &ticks, 8) == 8 || errno == EAGAIN, "timer");
        continue;
      }
      if (events[i].events & EPOLLOUT) send_rest(c);
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(c);
    }
    begin_what_is_due();
  }
}

// -- the command line

static void read_photo(const char *name) {
  FILE *file = fopen(name, "rb");
  check(file && photo_count < MAX_PHOTOS, name);
  Photo *photo = &photos[photo_count++];
  photo->bytes = malloc(16 << 20);
  photo->size = fread(photo->bytes, 1, 16 << 20, file);
  fclose(file);
}

static void read_paths(const char *name) {
  FILE *file = fopen(name, "r");
  check(file, name);
  char line[512];
  while (path_count < MAX_PATHS && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    paths[path_count++] = strdup(line);
  }
  fclose(file);
}

static void read_options(int argc, char **argv) {
  static const struct option options[] = {{"port", 1, 0, 'p'},      {"connections", 1, 0, 'k'}, {"requests", 1, 0, 'n'},
                                          {"rate", 1, 0, 'r'},      {"cameras", 1, 0, 'c'},     {"photo", 1, 0, 'f'},
                                          {"method", 1, 0, 'm'},    {"path", 1, 0, 't'},        {"paths", 1, 0, 'g'},
                                          {"multipart", 1, 0, 'u'}, {"expect", 1, 0, 'e'},      {0, 0, 0, 0}};
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) switch (option) {
      case 'p':
        port = atoi(optarg);
        break;
      case 'k':
        connection_count = atoi(optarg);
        break;
      case 'n':
        request_count = atol(optarg);
        break;
      case 'r':
        rate = atof(optarg);
        break;
      case 'c':
        camera_count = atoi(optarg);
        break;
      case 'f':
        read_photo(optarg);
        break;
      case 'm':
        method = optarg;
        break;
      case 't':
        path = optarg;
        break;
      case 'g':
        read_paths(optarg);
        break;
      case 'u':
        multipart = optarg;
        break;
      case 'e':
        expected = optarg;
        break;
      default:
        exit(2);
    }
  if (!port || !(photo_count || path_count))
    exit((fprintf(stderr, "usage: load --port P (--photo FILE… | --paths FILE) …\n"), 2));
  if (!camera_count) camera_count = connection_count;
}

static double cpu_s(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv) {
  read_options(argc, argv);
  poll_fd = epoll_create1(0);
  connections = calloc((size_t)connection_count, sizeof *connections);
  idle = calloc((size_t)connection_count, sizeof *idle);
  latencies = calloc((size_t)request_count, sizeof *latencies);
  check(connections && idle && latencies, "calloc");
  for (int i = 0; i < connection_count; i++) {
    Connection *c = &connections[i];
    c->index = i;
    check(getrandom(&c->boot, sizeof c->boot, 0) == sizeof c->boot, "getrandom");
    dial(c);
    rest(c);
  }
  double cpu_before = cpu_s();
  run();
  double took = now_s() - began;
  qsort(latencies, (size_t)finished, sizeof *latencies, by_size);
  printf(
      "{\"requests\": %ld, \"failures\": %ld, \"seconds\": %.6f, \"cpu_s\": %.6f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
      "\"max_ms\": %.3f}\n",
      finished, failures, took, cpu_s() - cpu_before, percentile_ms(0.5), percentile_ms(0.99), percentile_ms(1));
  return 0;
}
