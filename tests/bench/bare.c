// The limit: keeps frames as the archive must (write, fsync, rename, fsync the folder, thumbnail), with no index and no
// events.
//
// One thread reads HTTP, one commits in groups and answers what is durable, the others make thumbnails.
// It trusts its client to send one request at a time and to wait for the answer: this is a yardstick, not a server.
//
// usage: bare PORT FOLDER THUMBNAIL_THREADS [nosync]     prints its CPU seconds (user, system) at SIGTERM
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "thumbnail.h"

enum { MAX_CONNECTIONS = 65536, HEAD_SIZE = 8192, MAX_CAMERAS = 4096, THUMBNAIL_BACKLOG = 64 };

typedef struct Frame {
  struct Frame *next;
  int connection, camera, file;
  char boot[17], number[20], name[48];
  uint8_t *body;
  size_t size, received;
} Frame;

typedef struct {
  char head[HEAD_SIZE + 1];
  size_t head_size;
  Frame *frame;  // being received
} Connection;

typedef struct {
  char id[33];
  int photos, thumbnails;  // open folders
  bool is_touched;         // since its folder was synced
} Camera;

typedef struct {
  pthread_mutex_t lock;
  pthread_cond_t filled, emptied;
  Frame *first, *last;
  int size;
} Queue;

static int root;
static bool is_synced;
static int thumbnail_threads;
static Camera cameras[MAX_CAMERAS];
static int camera_count;
static Connection *connections[MAX_CONNECTIONS];

static void check(bool is_good, const char *what) {
  if (is_good) return;
  perror(what);
  exit(1);
}

// -- queues between the threads

#define QUEUE \
  { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, NULL, 0 }
static Queue to_commit = QUEUE, to_scale = QUEUE;

static void give(Queue *queue, Frame *frame, int max_size) {
  frame->next = NULL;
  pthread_mutex_lock(&queue->lock);
  while (queue->size >= max_size) pthread_cond_wait(&queue->emptied, &queue->lock);
  *(queue->first ? &queue->last->next : &queue->first) = frame;
  queue->last = frame;
  queue->size++;
  pthread_cond_signal(&queue->filled);
  pthread_mutex_unlock(&queue->lock);
}

static Frame *take(Queue *queue, bool all) {
  pthread_mutex_lock(&queue->lock);
  while (!queue->first) pthread_cond_wait(&queue->filled, &queue->lock);
  Frame *frame = queue->first;
  queue->first = all ? NULL : frame->next;
  queue->size = all ? 0 : queue->size - 1;
  pthread_cond_signal(&queue->emptied);
  pthread_mutex_unlock(&queue->lock);
  return frame;
}

static void forget(Frame *frame) {
  free(frame->body);
  free(frame);
}

// -- files

static int open_folder(const char *kind, const char *id) {
  char path[64];
  check(mkdirat(root, kind, 0777) == 0 || errno == EEXIST, kind);
  snprintf(path, sizeof path, "%s/%s", kind, id);
  check(mkdirat(root, path, 0777) == 0 || errno == EEXIST, path);
  int folder = openat(root, path, O_RDONLY | O_DIRECTORY);
  check(folder >= 0, path);
  return folder;
}

static int camera_named(const char *id) {
  for (int i = 0; i < camera_count; i++)
    if (strcmp(cameras[i].id, id) == 0) return i;
  check(camera_count < MAX_CAMERAS, "too many cameras");
  Camera *camera = &cameras[camera_count];
  snprintf(camera->id, sizeof camera->id, "%s", id);
  camera->photos = open_folder("photos", id);
  camera->thumbnails = open_folder("thumbnails", id);
  return camera_count++;
}

static int write_file(int folder, const char *name, const uint8_t *bytes, size_t size) {
  int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
  check(file >= 0, name);
  while (size > 0) {
    ssize_t wrote = write(file, bytes, size);
    check(wrote > 0, "write");
    bytes += wrote;
    size -= (size_t)wrote;
  }
  return file;
}

// -- the committer: everything queued is one group

static void answer(const Frame *frame) {
  char text[256];
  int size = snprintf(text, sizeof text,
                      "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n"
                      "Camera-Frame: boot=\"%s\", number=%s, answer=kept\r\n\r\n",
                      frame->boot, frame->number);
  check(send(frame->connection, text, (size_t)size, MSG_NOSIGNAL) == size || errno == EPIPE, "answer");
}

static const char *temporary_name(const Frame *frame) {
  static char name[64];
  snprintf(name, sizeof name, ".%s", frame->name);
  return name;
}

static void *commit(void *unused) {
  (void)unused;
  for (;;) {
    Frame *group = take(&to_commit, true);
    for (Frame *frame = group; frame; frame = frame->next) {
      frame->file = write_file(cameras[frame->camera].photos, temporary_name(frame), frame->body, frame->size);
      // Begin to write all before waiting for any: the first fsync then commits the journal for the whole group.
      if (is_synced) posix_fadvise(frame->file, 0, 0, POSIX_FADV_DONTNEED);
    }
    for (Frame *frame = group; frame; frame = frame->next) {
      Camera *camera = &cameras[frame->camera];
      check(!is_synced || fsync(frame->file) == 0, "fsync");
      close(frame->file);
      const char *temporary = temporary_name(frame);
      check(renameat(camera->photos, temporary, camera->photos, frame->name) == 0, "rename");
      camera->is_touched = true;
    }
    for (Frame *frame = group; frame; frame = frame->next) {
      Camera *camera = &cameras[frame->camera];
      check(!is_synced || !camera->is_touched || fsync(camera->photos) == 0, "fsync of a folder");
      camera->is_touched = false;
    }
    for (Frame *frame = group; frame; frame = frame->next) answer(frame);
    for (Frame *next; group; group = next) {
      next = group->next;
      if (thumbnail_threads)
        give(&to_scale, group, THUMBNAIL_BACKLOG);
      else
        forget(group);
    }
  }
  return NULL;
}

static void *scale(void *unused) {
  (void)unused;
  Thumbnailer thumbnailer = thumbnailer_new();
  for (;;) {
    Frame *frame = take(&to_scale, false);
    if (thumbnail(&thumbnailer, frame->body, frame->size) == 0)
      close(write_file(cameras[frame->camera].thumbnails, frame->name, thumbnailer.jpeg, thumbnailer.jpeg_size));
    forget(frame);
  }
  return NULL;
}

// -- HTTP

static void hang_up(int fd) {
  if (connections[fd]->frame) forget(connections[fd]->frame);
  free(connections[fd]);
  connections[fd] = NULL;
  close(fd);
}

static bool field(const char *head, const char *before, const char *format, void *value) {
  const char *at = strcasestr(head, before);
  return at && sscanf(at + strlen(before), format, value) == 1;
}

static Frame *frame_of(int fd, const char *head) {
  char camera[33];
  Frame *frame = calloc(1, sizeof *frame);
  check(frame && field(head, "\r\nContent-Length: ", "%zu", &frame->size) &&
            field(head, "boot=\"", "%16[0-9a-f]", frame->boot) && field(head, "number=", "%19[0-9]", frame->number) &&
            field(head, "id=\"", "%32[a-z0-9-]", camera),
        "a request without its fields");
  snprintf(frame->name, sizeof frame->name, "%s-%s.jpg", frame->boot, frame->number);
  frame->connection = fd;
  frame->camera = camera_named(camera);
  frame->body = malloc(frame->size);
  check(frame->body, "malloc");
  return frame;
}

static void receive(int fd) {
  Connection *c = connections[fd];
  if (!c->frame) {
    ssize_t got = recv(fd, c->head + c->head_size, HEAD_SIZE - c->head_size, 0);
    if (got <= 0) return hang_up(fd);
    c->head_size += (size_t)got;
    c->head[c->head_size] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end) return check(c->head_size < HEAD_SIZE, "a long head");
    end[2] = 0;
    c->frame = frame_of(fd, c->head);
    c->frame->received = c->head_size - (size_t)(end + 4 - c->head);
    check(c->frame->received <= c->frame->size, "a second request before the answer");
    memcpy(c->frame->body, end + 4, c->frame->received);
    c->head_size = 0;
  } else {
    ssize_t got = recv(fd, c->frame->body + c->frame->received, c->frame->size - c->frame->received, 0);
    if (got <= 0) return hang_up(fd);
    c->frame->received += (size_t)got;
  }
  if (c->frame->received < c->frame->size) return;
  Frame *frame = c->frame;
  c->frame = NULL;
  give(&to_commit, frame, MAX_CONNECTIONS);
}

static void greet(int listener, int poll) {
  int fd = accept4(listener, NULL, NULL, 0);
  check(fd >= 0 && fd < MAX_CONNECTIONS, "accept");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  connections[fd] = calloc(1, sizeof(Connection));
  check(connections[fd], "calloc");
  epoll_ctl(poll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
}

static int listen_on(int port) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  struct sockaddr_in at = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  check(bind(listener, (struct sockaddr *)&at, sizeof at) == 0 && listen(listener, 4096) == 0, "listen");
  return listener;
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "usage: bare PORT FOLDER THUMBNAIL_THREADS [nosync]\n"), 2;
  root = open(argv[2], O_RDONLY | O_DIRECTORY);
  check(root >= 0, argv[2]);
  thumbnail_threads = atoi(argv[3]);
  is_synced = argc < 5 || strcmp(argv[4], "nosync") != 0;
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // fresh pages cost more than all the rest: keep bodies' memory
  mallopt(M_TRIM_THRESHOLD, 1 << 30);

  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop, NULL);
  int stopping = signalfd(-1, &stop, 0), listener = listen_on(atoi(argv[1])), poll = epoll_create1(0);
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
  epoll_ctl(poll, EPOLL_CTL_ADD, stopping, &(struct epoll_event){.events = EPOLLIN, .data.fd = stopping});

  pthread_t thread;
  pthread_create(&thread, NULL, commit, NULL);
  for (int i = 0; i < thumbnail_threads; i++) pthread_create(&thread, NULL, scale, NULL);
  for (;;) {
    struct epoll_event events[256];
    int n = epoll_wait(poll, events, 256, -1);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (fd == stopping) {
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        printf("%.3f %.3f\n", seconds(usage.ru_utime), seconds(usage.ru_stime));
        return 0;
      }
      if (fd == listener)
        greet(listener, poll);
      else
        receive(fd);
    }
  }
}
