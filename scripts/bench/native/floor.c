/* floor.c - answers the ext-plugin protocol with constant frames, no parsing:
 * the least work any runner can do on this machine.
 * usage: floor SOCKET [KIND [BYTES]]
 *   stop, rewrite, none     answers HTTPReqCall
 *   body                    asks for the request body, then answers none
 *   resp                    asks for the response body, then answers HTTPRespCall with headers and a body
 *   bytes, resp-bytes       the same as a rewrite or a response whose body has BYTES
 *
 * Given to this project for its benchmarks; added here: the kinds that ask, and partial writes.
 * `bun run bench` compiles it where there is a C compiler; scripts/bench/bare.ts does the same without one. */
#define _GNU_SOURCE
#include "fb.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { T_PREP = 1, T_REQ, T_INFO, T_RESP };
typedef struct { uint8_t *p; uint32_t n; } frame;
typedef struct {
    int fd;
    uint32_t have, cap, sent;
    uint8_t *buf;
    const frame *out;           /* a constant frame that is only partly written */
} conn;

static frame prep, question, reply;
static int ep, asks;

static frame framed(fb *b, uint8_t type) {
    frame f;
    f.p = fb_frame(b, type, &f.n);
    free(b->buf);
    return f;
}

static uint32_t entries(fb *b, const char *const (*list)[2], int n) {
    uint32_t e[16];
    for (int i = 0; i < n; i++) e[i] = fb_text_entry(b, list[i][0], list[i][1]);
    return fb_offvec(b, e, n);
}

static const char *const stop_headers[][2] = { { "X-Resp-A6-Runner", "floor" } };
static const char *const rewrite_headers[][2] = { { "X-A6-Runner", "floor" } };
static const char *const resp_headers[][2] = {
    { "content-type", "application/json" }, { "server", "nginx" }, { "date", "Sun, 22 Nov 2026 07:00:00 GMT" },
    { "cache-control", "max-age=60" }, { "vary", "accept-encoding" }, { "x-upstream", "u1" }, { "x-a6-runner", "floor" },
};

static void build(const char *kind, uint32_t bytes) {
    int is_resp = !strncmp(kind, "resp", 4), is_bytes = strstr(kind, "bytes") != NULL;
    asks = is_resp || is_bytes || !strcmp(kind, "body");
    uint8_t *body = malloc(bytes + 1);
    memset(body, 'B', bytes);
    fb b;
    uint32_t e, v, act = 0, action = 0;

    fb_init(&b);
    fb_open(&b, 1);
    fb_f_u32(&b, 0, 1);
    fb_finish(&b, fb_close(&b));
    prep = framed(&b, T_PREP);

    fb_init(&b);
    fb_open(&b, 0);
    e = fb_close(&b);
    fb_open(&b, 2);
    fb_f_off(&b, 1, e);
    fb_f_u8(&b, 0, is_resp ? 3 : 2);
    fb_finish(&b, fb_close(&b));
    question = framed(&b, T_INFO);

    fb_init(&b);
    if (is_resp) {
        v = entries(&b, resp_headers, sizeof resp_headers / sizeof *resp_headers);
        e = fb_bytes(&b, body, is_bytes ? bytes : 64);
        fb_open(&b, 4);
        fb_f_off(&b, 3, e);
        fb_f_off(&b, 2, v);
        fb_f_u32(&b, 0, 1);
        fb_finish(&b, fb_close(&b));
        reply = framed(&b, T_RESP);
        return;
    }
    if (!strcmp(kind, "stop")) {
        v = entries(&b, stop_headers, 1);
        e = fb_bytes(&b, "hello", 5);
        fb_open(&b, 3); fb_f_off(&b, 2, e); fb_f_off(&b, 1, v); fb_f_u16(&b, 0, 200);
        act = fb_close(&b); action = 1;
    } else if (!strcmp(kind, "rewrite")) {
        v = entries(&b, rewrite_headers, 1);
        fb_open(&b, 5); fb_f_off(&b, 1, v);
        act = fb_close(&b); action = 2;
    } else if (is_bytes) {
        e = fb_bytes(&b, body, bytes);
        fb_open(&b, 5); fb_f_off(&b, 4, e);
        act = fb_close(&b); action = 2;
    }
    fb_open(&b, 3);
    fb_f_u32(&b, 0, 1);
    fb_f_off(&b, 2, act);
    fb_f_u8(&b, 1, action);
    fb_finish(&b, fb_close(&b));
    reply = framed(&b, T_REQ);
}

static void watch(conn *c, int op, uint32_t events) {
    struct epoll_event ev = { .events = events, .data.ptr = c };
    epoll_ctl(ep, op, c->fd, &ev);
}

/* A client has one call under way, so at most one frame is ever half written. */
static void flush(conn *c, int waited) {
    while (c->sent < c->out->n) {
        ssize_t r = write(c->fd, c->out->p + c->sent, c->out->n - c->sent);
        if (r < 0) {
            if (errno == EAGAIN && !waited) watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            return;
        }
        c->sent += r;
    }
    c->out = NULL;
    if (waited) watch(c, EPOLL_CTL_MOD, EPOLLIN);
}
static void put(conn *c, const frame *f) {
    c->out = f;
    c->sent = 0;
    flush(c, 0);
}

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : getenv("APISIX_LISTEN_ADDRESS");
    if (!path) { fprintf(stderr, "usage: floor SOCKET [stop|rewrite|none|body|resp|bytes|resp-bytes [BYTES]]\n"); return 2; }
    if (!strncmp(path, "unix:", 5)) path += 5;
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    build(argc > 2 ? argv[2] : "stop", argc > 3 ? strtoul(argv[3], NULL, 10) : 64);

    struct sockaddr_un a = { .sun_family = AF_UNIX };
    strncpy(a.sun_path, path, sizeof a.sun_path - 1);
    unlink(path);
    int l = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ep = epoll_create1(0);
    if (bind(l, (void *)&a, sizeof a) || listen(l, 4096)) { perror(path); return 1; }
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL }, evs[256];
    epoll_ctl(ep, EPOLL_CTL_ADD, l, &ev);
    for (;;) {
        int n = epoll_wait(ep, evs, 256, -1);
        for (int i = 0; i < n; i++) {
            conn *c = evs[i].data.ptr;
            if (!c) {
                int fd;
                while ((fd = accept4(l, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    c = calloc(1, sizeof *c);
                    c->fd = fd; c->cap = 65536; c->buf = malloc(c->cap);
                    watch(c, EPOLL_CTL_ADD, EPOLLIN);
                }
                continue;
            }
            if (evs[i].events & EPOLLOUT && c->out) flush(c, 1);
            if (!(evs[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) continue;
            ssize_t r = read(c->fd, c->buf + c->have, c->cap - c->have);
            if (r < 0 && errno == EAGAIN) continue;
            if (r <= 0) { close(c->fd); free(c->buf); free(c); continue; }
            c->have += r;
            uint32_t at = 0;
            while (c->have - at >= 4) {
                uint32_t len = c->buf[at + 1] << 16 | c->buf[at + 2] << 8 | c->buf[at + 3];
                if (len + 4 > c->cap) { c->cap = len + 4; c->buf = realloc(c->buf, c->cap); }
                if (c->have - at < len + 4) break;
                put(c, c->buf[at] == T_PREP ? &prep : asks && c->buf[at] != T_INFO ? &question : &reply);
                at += len + 4;
            }
            c->have -= at;
            if (at && c->have) memmove(c->buf, c->buf + at, c->have);
        }
    }
}
