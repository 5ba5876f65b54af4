/* a6load.c - load generator for runners of the APISIX ext-plugin protocol.
 * One thread, epoll, libc only.  See usage() below.
 *
 * Given to this project for its benchmarks; added here: --headers, --header, --body-file, --confs, as
 * many descriptors as allowed, and a measured time that begins when measuring does.
 * `bun run bench` compiles it where there is a C compiler; scripts/bench/client.ts does the same without one. */
#define _GNU_SOURCE
#include "fb.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { T_ERR, T_PREP, T_REQ, T_INFO, T_RESP };

static void usage(void) {
    fputs(
"usage: a6load --socket PATH --conf NAME=JSON [options]\n"
"       a6load --socket PATH --conf NAME=JSON --startup N -- RUNNER [ARG...]\n"
"  --connections N   keepalive connections, one request at a time on each (32)\n"
"  --duration S      measured seconds (5)       --requests N   stop after N\n"
"  --warmup S        seconds before measuring (0.5)\n"
"  --rate R          open loop: R requests/s, latency from the intended time\n"
"  --conf NAME=JSON  plugin and its configuration; may be repeated\n"
"  --key STR         idempotent key (default: unique to this run)\n"
"  --mode M          stop|rewrite|none|any: action expected; body|var: any action,\n"
"                    at least one ExtraInfo of that kind; resp: HTTPRespCall\n"
"  --verify          check id, structure and action of every reply against --mode\n"
"  --body-size N     bytes of the request/response body given on ExtraInfo (64; -1 absent)\n"
"  --body-file FILE  what is in FILE, instead of so many bytes\n"
"  --var-value STR   value given for every variable\n"
"  --big N           one more request header of N bytes\n"
"  --headers N       request headers (12)\n"
"  --header NAME=VALUE  one more header, of the request or the response; may be repeated\n"
"  --confs N         prepare N confs, and name another of them in each call (1)\n"
"  --pid P           runner's pid; --pids A,B,C several; --tree their children too\n"
"  --json, --label L one JSON line;  --show  print the first reply decoded\n"
"  --dump FILE       write the request payload (no frame header) to FILE\n"
"  --startup N       run the command N times with APISIX_LISTEN_ADDRESS set and\n"
"                    time exec -> first PrepareConf reply (connect tried each 0.2 ms)\n", stderr);
    exit(2);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}
static void die(const char *s) { perror(s); exit(1); }

/* ---- options ---- */
static const char *o_socket, *o_key, *o_mode = "any", *o_var = "0123456789abcdef0123456789abcdef", *o_label = "", *o_dump, *o_body_file;
static char *o_conf[32], *o_header[16];
static int o_nconf, o_nheader, o_conns = 32, o_verify, o_json, o_show, o_tree, o_startup;
static double o_dur = 5, o_warm = 0.5, o_rate;
static long o_requests, o_body = 64, o_big, o_headers = 12, o_confs = 1;
static int o_pids[64], o_npids;

/* ---- frames ---- */
static uint8_t *f_req, *f_var, *f_body;
static uint32_t f_req_len, f_var_len, f_body_len, f_id_at, f_token_at;
static int want_type = T_REQ, want_action = -1, want_info;

static uint8_t *build_prepare(const char *name, uint32_t *len) {
    fb b;
    fb_init(&b);
    uint32_t e[32];
    for (int i = 0; i < o_nconf; i++) {
        char *eq = strchr(o_conf[i], '=');
        if (!eq) usage();
        uint32_t n = fb_strn(&b, o_conf[i], eq - o_conf[i]), v = fb_str(&b, eq + 1);
        fb_open(&b, 2);
        fb_f_off(&b, 1, v);
        fb_f_off(&b, 0, n);
        e[i] = fb_close(&b);
    }
    uint32_t vec = fb_offvec(&b, e, o_nconf), key = fb_str(&b, name);
    fb_open(&b, 2);
    fb_f_off(&b, 1, key);
    fb_f_off(&b, 0, vec);
    fb_finish(&b, fb_close(&b));
    uint8_t *f = fb_frame(&b, T_PREP, len);
    free(b.buf);
    return f;
}

static const char *const req_headers[][2] = {
    { "host", "shop.example.com" },
    { "user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0" },
    { "accept", "text/html,*/*;q=0.8" },
    { "accept-language", "en-US,en;q=0.5" },
    { "accept-encoding", "gzip, deflate, br" },
    { "cookie", "sid=7f3a9c51b2e84d06" },
    { "referer", "https://shop.example.com/list" },
    { "x-forwarded-for", "203.0.113.7" },
    { "x-forwarded-proto", "https" },
    { "x-request-id", "9b2f6c1e4d7a48f0" },
    { "cache-control", "no-cache" },
    { "connection", "keep-alive" },
};
static const char *const req_args[][2] = { { "name", "widget" }, { "page", "2" }, { "q", "plugin runner" } };
static const char *const resp_headers[][2] = {
    { "content-type", "application/json" }, { "content-length", "512" }, { "server", "nginx" },
    { "date", "Sun, 22 Nov 2026 07:00:00 GMT" }, { "etag", "\"5f1b-7c2d\"" },
    { "cache-control", "max-age=60" }, { "vary", "accept-encoding" }, { "x-upstream", "u1" },
};
#define COUNT(a) (int)(sizeof(a) / sizeof *(a))
static uint32_t add_given_headers(fb *b, uint32_t *e, uint32_t n) {
    for (int i = 0; i < o_nheader; i++) {
        char *eq = strchr(o_header[i], '=');
        if (!eq) usage();
        char *name = strndup(o_header[i], eq - o_header[i]);
        e[n++] = fb_text_entry(b, name, eq + 1);
        free(name);
    }
    return n;
}
#define MARK 0x7a5a5a5au

static void build_request(void) {
    fb b;
    fb_init(&b);
    uint32_t e[1100], n = 0, hv, av, ip, path, id_off, tok_off;
    if (want_type == T_RESP) {
        for (int i = 0; i < COUNT(resp_headers); i++) e[n++] = fb_text_entry(&b, resp_headers[i][0], resp_headers[i][1]);
        n = add_given_headers(&b, e, n);
        hv = fb_offvec(&b, e, n);
        fb_open(&b, 4);
        fb_f_u32(&b, 3, MARK); tok_off = fb_off(&b);
        fb_f_off(&b, 2, hv);
        fb_f_u32(&b, 0, MARK); id_off = fb_off(&b);
        fb_f_u16(&b, 1, 200);
    } else {
        path = fb_str(&b, "/get");
        uint8_t addr[4] = { 203, 0, 113, 7 };
        ip = fb_bytes(&b, addr, 4);
        for (int i = 0; i < COUNT(req_args); i++) e[n++] = fb_text_entry(&b, req_args[i][0], req_args[i][1]);
        av = fb_offvec(&b, e, n);
        n = 0;
        for (int i = 0; i < o_headers; i++) {
            char name[32];
            if (i < COUNT(req_headers)) { e[n++] = fb_text_entry(&b, req_headers[i][0], req_headers[i][1]); continue; }
            snprintf(name, sizeof name, "x-header-%d", i);
            e[n++] = fb_text_entry(&b, name, "a value of usual length");
        }
        if (o_big > 0) {
            char *s = malloc(o_big + 1);
            memset(s, 'x', o_big);
            s[o_big] = 0;
            e[n++] = fb_text_entry(&b, "x-big", s);
            free(s);
        }
        n = add_given_headers(&b, e, n);
        hv = fb_offvec(&b, e, n);
        fb_open(&b, 7);
        fb_f_u32(&b, 6, MARK); tok_off = fb_off(&b);
        fb_f_off(&b, 5, hv);
        fb_f_off(&b, 4, av);
        fb_f_off(&b, 3, path);
        fb_f_off(&b, 1, ip);
        fb_f_u32(&b, 0, MARK); id_off = fb_off(&b);
        /* method GET is the default: not stored */
    }
    fb_finish(&b, fb_close(&b));
    f_req = fb_frame(&b, want_type, &f_req_len);
    f_id_at = f_req_len - id_off;
    f_token_at = f_req_len - tok_off;
    free(b.buf);
}
static uint8_t *build_info_reply(const void *p, long n, uint32_t *len) {
    fb b;
    fb_init(&b);
    uint32_t v = n >= 0 ? fb_bytes(&b, p, n) : 0;
    fb_open(&b, 1);
    fb_f_off(&b, 0, v);
    fb_finish(&b, fb_close(&b));
    uint8_t *f = fb_frame(&b, T_INFO, len);
    free(b.buf);
    return f;
}

static uint8_t *read_file(const char *path, long *len) {
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) || (*len = ftell(f)) < 0) die(path);
    rewind(f);
    uint8_t *p = malloc(*len + 1);
    if (fread(p, 1, *len, f) != (size_t)*len) die(path);
    fclose(f);
    return p;
}

/* ---- latency histogram: 128 steps per power of two, <0.8% error ---- */
static uint64_t hist[60 * 128], hist_n, hist_max;
static double hist_sum;
static void hist_add(int64_t ns) {
    uint64_t v = ns < 0 ? 0 : ns;
    int sh = v < 256 ? 0 : 63 - __builtin_clzll(v) - 7;
    hist[sh * 128 + (v >> sh)]++;
    hist_n++;
    hist_sum += v;
    if (v > hist_max) hist_max = v;
}
static double hist_q(double q) {
    uint64_t want = ceil(q * hist_n), seen = 0;
    for (unsigned i = 0; i < COUNT(hist); i++)
        if (hist[i] && (seen += hist[i]) >= want) {
            unsigned sh = i < 256 ? 0 : i / 128 - 1;
            double v = (double)((uint64_t)(i - sh * 128) << sh) + (sh ? (1ull << (sh - 1)) : 0);
            return (v > hist_max ? hist_max : v) / 1e3;
        }
    return 0;
}

/* ---- counters ---- */
static uint64_t n_done, n_err, n_bad, n_closed, n_info, n_in, n_out, n_act[4], n_ok;
static uint64_t err_code[4];

/* ---- process accounting ---- */
static int plist[4096], nplist;
static void add_tree(int pid) {
    for (int i = 0; i < nplist; i++) if (plist[i] == pid) return;
    if (nplist == COUNT(plist)) return;
    plist[nplist++] = pid;
    if (!o_tree) return;
    char p[64];
    snprintf(p, sizeof p, "/proc/%d/task", pid);
    DIR *d = opendir(p);
    struct dirent *t;
    while (d && (t = readdir(d))) {
        if (t->d_name[0] == '.') continue;
        char q[400];
        snprintf(q, sizeof q, "/proc/%d/task/%s/children", pid, t->d_name);
        FILE *f = fopen(q, "r");
        int c;
        while (f && fscanf(f, "%d", &c) == 1) add_tree(c);
        if (f) fclose(f);
    }
    if (d) closedir(d);
}
static double cpu_of(void) {            /* seconds, all threads of all listed processes */
    double s = 0;
    nplist = 0;
    for (int i = 0; i < o_npids; i++) add_tree(o_pids[i]);
    for (int i = 0; i < nplist; i++) {
        char p[64], line[1024], *q;
        snprintf(p, sizeof p, "/proc/%d/stat", plist[i]);
        FILE *f = fopen(p, "r");
        if (!f) continue;
        unsigned long ut, st;
        if (fgets(line, sizeof line, f) && (q = strrchr(line, ')')) &&
            sscanf(q + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &ut, &st) == 2)
            s += (double)(ut + st) / sysconf(_SC_CLK_TCK);
        fclose(f);
    }
    return s;
}
static void mem_of(int pid, long *rss, long *hwm) {
    char p[64], line[256];
    snprintf(p, sizeof p, "/proc/%d/status", pid);
    FILE *f = fopen(p, "r");
    long v;
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "VmRSS: %ld", &v) == 1) *rss += v;
        if (sscanf(line, "VmHWM: %ld", &v) == 1) *hwm += v;
    }
    if (f) fclose(f);
}
static double self_cpu(void) {
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

/* ---- blocking helpers ---- */
static int try_connect(void) {
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    if (strlen(o_socket) >= sizeof a.sun_path) { fprintf(stderr, "socket path too long\n"); exit(1); }
    strcpy(a.sun_path, o_socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval tv = { 5, 0 };       /* for the blocking PrepareConf only */
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    if (connect(fd, (void *)&a, sizeof a)) { int e = errno; close(fd); errno = e; return -1; }
    return fd;
}
static int write_all(int fd, const uint8_t *p, uint32_t n) {
    while (n) {
        ssize_t r = write(fd, p, n);
        if (r <= 0) return -1;
        p += r; n -= r;
    }
    return 0;
}
static int read_all(int fd, uint8_t *p, uint32_t n) {
    while (n) {
        ssize_t r = read(fd, p, n);
        if (r <= 0) return -1;
        p += r; n -= r;
    }
    return 0;
}
/* returns the token, or -1 */
static int64_t prepare(int fd, const char *name) {
    uint32_t len;
    uint8_t *f = build_prepare(name, &len), h[4];
    if (write_all(fd, f, len) || read_all(fd, h, 4)) { free(f); return -1; }
    free(f);
    uint32_t n = h[1] << 16 | h[2] << 8 | h[3];
    uint8_t *p = malloc(n + 1);
    if (read_all(fd, p, n)) { free(p); return -1; }
    fbr r = { p, n, 0 };
    int64_t tok = -1;
    if (h[0] == T_PREP) tok = r_get32(&r, r_root(&r), 0);
    if (r.bad) tok = -1;
    free(p);
    return tok;
}

/* ---- connections ---- */
typedef struct {
    int fd, busy, asked;
    uint32_t id;
    int64_t t0;
    uint8_t *in;
    uint32_t have, cap;
    uint8_t *out;
    uint32_t out_len, out_at, out_cap;
} conn;
static conn *conns;
static int ep, live, n_busy, *idle, n_idle;
static uint32_t next_id = 1;
static int running = 1, counting;
static int64_t count_from;
static uint32_t *tokens;
static double prepare_us;

static void arm(conn *c, int out) {
    struct epoll_event ev = { .events = EPOLLIN | (out ? EPOLLOUT : 0), .data.ptr = c };
    epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &ev);
}
static void drop(conn *c) {
    epoll_ctl(ep, EPOLL_CTL_DEL, c->fd, NULL);
    close(c->fd);
    c->fd = -1;
    n_closed++;
    live--;
    if (c->busy) { c->busy = 0; n_busy--; }
    else for (int i = 0; i < n_idle; i++) if (&conns[idle[i]] == c) { idle[i] = idle[--n_idle]; break; }
}
static void put(conn *c, const uint8_t *p, uint32_t n) {
    n_out += n;
    ssize_t r = 0;
    if (c->out_len == c->out_at) {
        r = send(c->fd, p, n, MSG_NOSIGNAL);
        if (r == (ssize_t)n) return;
        if (r < 0) {
            if (errno != EAGAIN) { drop(c); return; }
            r = 0;
        }
        c->out_at = c->out_len = 0;
    }
    if (c->out_cap < c->out_len + n - r) c->out = realloc(c->out, c->out_cap = c->out_len + n - r);
    memcpy(c->out + c->out_len, p + r, n - r);
    c->out_len += n - r;
    arm(c, 1);
}
static void issue(conn *c, int64_t t0) {
    c->id = next_id++;
    if (!next_id) next_id = 1;
    c->t0 = t0;
    c->asked = 0;
    if (!c->busy) { c->busy = 1; n_busy++; }
    memcpy(f_req + f_id_at, &c->id, 4);
    memcpy(f_req + f_token_at, &tokens[c->id % o_confs], 4);
    put(c, f_req, f_req_len);
}

static void show_vec(fbr *r, uint32_t t, int f, const char *what) {
    uint32_t v = r_deref(r, r_field(r, t, f));
    if (!v) return;
    uint32_t n = r_u32(r, v);
    printf("  %s[%u]:", what, n);
    for (uint32_t i = 0; i < n && !r->bad; i++) {
        uint32_t e = v + 4 + 4 * i, nl, vl;
        e += r_u32(r, e);
        const uint8_t *nm = r_vec(r, e, 0, &nl), *vv = r_vec(r, e, 1, &vl);
        printf(" %.*s=%s%.*s%s", (int)nl, nm ? (char *)nm : "", vv ? "'" : "<absent>", (int)vl, vv ? (char *)vv : "", vv ? "'" : "");
    }
    putchar('\n');
}
static void show(int type, const uint8_t *p, uint32_t n) {
    fbr r = { p, n, 0 };
    uint32_t root = r_root(&r), l;
    const uint8_t *s;
    printf("reply: type %d, %u bytes\n", type, n);
    if (type == T_ERR) { printf("  error code %u\n", r_get8(&r, root, 0)); return; }
    if (type == T_RESP) {
        printf("  id %u status %u\n", r_get32(&r, root, 0), r_get16(&r, root, 1));
        show_vec(&r, root, 2, "headers");
        s = r_vec(&r, root, 3, &l);
        if (s) printf("  body[%u]: %.*s\n", l, l > 200 ? 200 : (int)l, s);
        return;
    }
    int a = r_get8(&r, root, 1);
    printf("  id %u action %d\n", r_get32(&r, root, 0), a);
    uint32_t t = r_deref(&r, r_field(&r, root, 2));
    if (a == 1 && t) {
        printf("  status %u\n", r_get16(&r, t, 0));
        show_vec(&r, t, 1, "headers");
        s = r_vec(&r, t, 2, &l);
        if (s) printf("  body[%u]: %.*s\n", l, l > 200 ? 200 : (int)l, s);
    } else if (a == 2 && t) {
        s = r_vec(&r, t, 0, &l);
        if (s) printf("  path: %.*s\n", (int)l, s);
        show_vec(&r, t, 1, "headers");
        show_vec(&r, t, 2, "args");
        show_vec(&r, t, 3, "resp_headers");
        s = r_vec(&r, t, 4, &l);
        if (s) printf("  body[%u]: %.*s\n", l, l > 200 ? 200 : (int)l, s);
    }
    if (r.bad) printf("  MALFORMED\n");
}

/* checks every part of the reply the schema says is there */
static int check_entries(fbr *r, uint32_t t, int f) {
    uint32_t v = r_deref(r, r_field(r, t, f));
    if (!v) return 1;
    uint32_t n = r_u32(r, v);
    if (r->bad || n > r->n / 4) return 0;
    for (uint32_t i = 0; i < n && !r->bad; i++) {
        uint32_t e = v + 4 + 4 * i, l;
        e += r_u32(r, e);
        if (!r_vec(r, e, 0, &l)) return 0;
        r_vec(r, e, 1, &l);
    }
    return !r->bad;
}
static int check(conn *c, const uint8_t *p, uint32_t n) {
    fbr r = { p, n, 0 };
    uint32_t root = r_root(&r), l;
    if (r_get32(&r, root, 0) != c->id || r.bad) return 0;
    if (want_info && !(c->asked & 1 << want_info)) return 0;
    if (want_type == T_RESP) {
        r_vec(&r, root, 3, &l);
        return check_entries(&r, root, 2);
    }
    int a = r_get8(&r, root, 1);
    if (want_action >= 0 && a != want_action) return 0;
    uint32_t t = r_deref(&r, r_field(&r, root, 2));
    if (r.bad || (a && !t)) return 0;
    if (a == 1) { r_vec(&r, t, 2, &l); return check_entries(&r, t, 1); }
    if (a == 2) {
        r_vec(&r, t, 0, &l);
        r_vec(&r, t, 4, &l);
        return check_entries(&r, t, 1) && check_entries(&r, t, 2) && check_entries(&r, t, 3);
    }
    return a == 0 && !r.bad;
}

static void on_frame(conn *c, int type, const uint8_t *p, uint32_t n, int64_t t) {
    if (type == T_INFO && c->busy) {
        fbr r = { p, n, 0 };
        int k = r_get8(&r, r_root(&r), 0);
        n_info++;
        c->asked |= 1 << (k & 7);
        if (k == 1) put(c, f_var, f_var_len);
        else put(c, f_body, f_body_len);
        return;
    }
    if (!c->busy) { n_bad++; return; }
    if (o_show) { show(type, p, n); o_show = 0; }
    c->busy = 0;
    n_busy--;
    if (counting && c->t0 >= count_from) hist_add(t - c->t0);
    n_done++;
    if (type == T_ERR) {
        n_err++;
        fbr r = { p, n, 0 };
        err_code[r_get8(&r, r_root(&r), 0) & 3]++;
    } else if (type != want_type) n_bad++;
    else {
        if (type == T_REQ) {
            fbr r = { p, n, 0 };
            n_act[r_get8(&r, r_root(&r), 1) & 3]++;
        }
        if (o_verify && !check(c, p, n)) n_bad++;
        else n_ok++;
    }
    if (running && !o_rate && (!o_requests || n_done + n_busy < (uint64_t)o_requests)) issue(c, now_ns());
    else idle[n_idle++] = c - conns;
}

static void on_event(conn *c, uint32_t events) {
    if (c->fd < 0) return;
    if (events & EPOLLOUT) {
        ssize_t r = send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL);
        if (r > 0) c->out_at += r;
        else if (errno != EAGAIN) { drop(c); return; }
        if (c->out_at == c->out_len) arm(c, 0);
    }
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
    ssize_t r = read(c->fd, c->in + c->have, c->cap - c->have);
    if (r < 0 && errno == EAGAIN) return;
    if (r <= 0) { drop(c); return; }
    int64_t t = now_ns();
    n_in += r;
    c->have += r;
    uint32_t at = 0;
    while (c->fd >= 0 && c->have - at >= 4) {
        uint8_t *h = c->in + at;
        uint32_t len = h[1] << 16 | h[2] << 8 | h[3];
        if (c->have - at < len + 4) {
            if (at) { memmove(c->in, c->in + at, c->have - at); c->have -= at; at = 0; }
            if (c->cap < len + 4) c->in = realloc(c->in, c->cap = len + 4);
            break;
        }
        on_frame(c, h[0], h + 4, len, t);
        at += len + 4;
    }
    if (at) { memmove(c->in, c->in + at, c->have - at); c->have -= at; }
}

/* ---- start-up time ---- */
static int cmp_d(const void *a, const void *b) { double x = *(double *)a, y = *(double *)b; return (x > y) - (x < y); }
static void startup(char **cmd) {
    double *ms = calloc(o_startup, sizeof *ms), *rss = calloc(o_startup, sizeof *rss), *cpu = calloc(o_startup, sizeof *cpu);
    char env[200];
    snprintf(env, sizeof env, "unix:%s", o_socket);
    setenv("APISIX_LISTEN_ADDRESS", env, 1);
    setenv("APISIX_CONF_EXPIRE_TIME", "3600", 1);
    prctl(PR_SET_TIMERSLACK, 1000);
    for (int i = 0; i < o_startup; i++) {
        unlink(o_socket);
        int64_t t0 = now_ns();
        pid_t pid = vfork();
        if (!pid) {
            int n = open("/dev/null", O_RDWR);
            dup2(n, 0); dup2(n, 1); dup2(n, 2);
            execvp(cmd[0], cmd);
            _exit(127);
        }
        int fd;
        while ((fd = try_connect()) < 0) {
            int st;
            if (waitpid(pid, &st, WNOHANG) == pid) { fprintf(stderr, "runner exited: status %d\n", st); exit(1); }
            if (now_ns() - t0 > 30000000000LL) { fprintf(stderr, "runner did not start in 30 s\n"); kill(pid, SIGKILL); exit(1); }
            struct timespec ts = { 0, 200000 };
            nanosleep(&ts, NULL);
        }
        int64_t tok = prepare(fd, o_key);
        ms[i] = (now_ns() - t0) / 1e6;
        if (tok < 0) { fprintf(stderr, "PrepareConf failed\n"); kill(pid, SIGTERM); exit(1); }
        long r = 0, h = 0;
        o_npids = 1; o_pids[0] = pid; o_tree = 1;
        cpu[i] = cpu_of() * 1e3;
        for (int k = 0; k < nplist; k++) mem_of(plist[k], &r, &h);
        rss[i] = r;
        close(fd);
        for (int k = 0; k < nplist; k++) kill(plist[k], SIGTERM);   /* the runner and its own children */
        int st;
        for (int k = 0; waitpid(pid, &st, WNOHANG) == 0; k++) {
            if (k == 2000) kill(pid, SIGKILL);
            usleep(1000);
        }
    }
    qsort(ms, o_startup, sizeof *ms, cmp_d);
    qsort(rss, o_startup, sizeof *rss, cmp_d);
    qsort(cpu, o_startup, sizeof *cpu, cmp_d);
    int m = o_startup / 2;
    printf("{\"label\":\"%s\",\"startup_ms_median\":%.2f,\"min\":%.2f,\"max\":%.2f,\"cpu_ms_median\":%.0f,\"rss_kb_median\":%.0f,\"runs\":%d}\n",
           o_label, ms[m], ms[0], ms[o_startup - 1], cpu[m], rss[m], o_startup);
    exit(0);
}

int main(int argc, char **argv) {
    enum { SOCK = 256, CONNS, DUR, REQS, WARM, RATE, CONF, KEY, MODE, VERIFY, BODY, BODY_FILE, VAR, BIG, HEADERS, HEADER, CONFS, PID_, PIDS, TREE, JSON, LABEL, SHOW, DUMP, STARTUP, HELP };
    static const struct option lo[] = {
        { "socket", 1, 0, SOCK }, { "connections", 1, 0, CONNS }, { "duration", 1, 0, DUR }, { "requests", 1, 0, REQS },
        { "warmup", 1, 0, WARM }, { "rate", 1, 0, RATE }, { "conf", 1, 0, CONF }, { "key", 1, 0, KEY }, { "mode", 1, 0, MODE },
        { "verify", 0, 0, VERIFY }, { "body-size", 1, 0, BODY }, { "body-file", 1, 0, BODY_FILE }, { "header", 1, 0, HEADER },
        { "var-value", 1, 0, VAR }, { "big", 1, 0, BIG }, { "headers", 1, 0, HEADERS }, { "confs", 1, 0, CONFS },
        { "pid", 1, 0, PID_ }, { "pids", 1, 0, PIDS }, { "tree", 0, 0, TREE }, { "json", 0, 0, JSON }, { "label", 1, 0, LABEL },
        { "show", 0, 0, SHOW }, { "dump", 1, 0, DUMP }, { "startup", 1, 0, STARTUP }, { "help", 0, 0, HELP }, { 0, 0, 0, 0 } };
    for (int o; (o = getopt_long(argc, argv, "+", lo, NULL)) != -1; )
        switch (o) {
        case SOCK: o_socket = optarg; break;
        case CONNS: o_conns = atoi(optarg); break;
        case DUR: o_dur = atof(optarg); break;
        case REQS: o_requests = atol(optarg); break;
        case WARM: o_warm = atof(optarg); break;
        case RATE: o_rate = atof(optarg); break;
        case CONF: if (o_nconf == 32) usage(); o_conf[o_nconf++] = optarg; break;
        case KEY: o_key = optarg; break;
        case MODE: o_mode = optarg; break;
        case VERIFY: o_verify = 1; break;
        case BODY: o_body = atol(optarg); break;
        case BODY_FILE: o_body_file = optarg; break;
        case HEADER: if (o_nheader == COUNT(o_header)) usage(); o_header[o_nheader++] = optarg; break;
        case VAR: o_var = optarg; break;
        case BIG: o_big = atol(optarg); break;
        case HEADERS: o_headers = atol(optarg); break;
        case CONFS: o_confs = atol(optarg); break;
        case PID_: case PIDS:
            for (char *p = optarg; *p && o_npids < 64; ) {
                o_pids[o_npids++] = strtol(p, &p, 10);
                if (*p == ',') p++; else break;
            }
            break;
        case TREE: o_tree = 1; break;
        case JSON: o_json = 1; break;
        case LABEL: o_label = optarg; break;
        case SHOW: o_show = 1; break;
        case DUMP: o_dump = optarg; break;
        case STARTUP: o_startup = atoi(optarg); break;
        default: usage();
        }
    if (!o_socket || !o_nconf || o_conns < 1 || o_headers < 0 || o_headers > 1000 || o_confs < 1) usage();
    if (!strncmp(o_socket, "unix:", 5)) o_socket += 5;
    if (!o_key) {
        char *k;
        if (asprintf(&k, "a6load-%d-%" PRId64, getpid(), now_ns()) < 0) return 1;
        o_key = k;
    }
    if (!strcmp(o_mode, "stop")) want_action = 1;
    else if (!strcmp(o_mode, "rewrite")) want_action = 2;
    else if (!strcmp(o_mode, "none")) want_action = 0;
    else if (!strcmp(o_mode, "var")) want_info = 1;
    else if (!strcmp(o_mode, "body")) want_info = 2;
    else if (!strcmp(o_mode, "resp")) want_type = T_RESP;
    else if (strcmp(o_mode, "any")) usage();
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (o_startup) { if (optind >= argc) usage(); startup(argv + optind); }
    if (o_rate > 0) prctl(PR_SET_TIMERSLACK, 1);

    build_request();
    if (o_dump) { FILE *f = fopen(o_dump, "wb"); if (!f) die(o_dump); fwrite(f_req + 4, 1, f_req_len - 4, f); fclose(f); }
    f_var = build_info_reply(o_var, strlen(o_var), &f_var_len);
    uint8_t *body = malloc(o_body > 0 ? o_body : 1);
    if (o_body > 0) memset(body, 'b', o_body);
    if (o_body_file) body = read_file(o_body_file, &o_body);
    f_body = build_info_reply(body, o_body, &f_body_len);

    ep = epoll_create1(EPOLL_CLOEXEC);
    conns = calloc(o_conns, sizeof *conns);
    idle = calloc(o_conns, sizeof *idle);
    for (int i = 0; i < o_conns; i++) {
        conn *c = &conns[i];
        for (int k = 0; (c->fd = try_connect()) < 0; k++) {
            if (k == 200) die(o_socket);
            usleep(5000);
        }
        if (i == 0) {
            tokens = calloc(o_confs, sizeof *tokens);
            int64_t from = now_ns();
            for (long k = 0; k < o_confs; k++) {
                char name[400];
                snprintf(name, sizeof name, "route#%s-%ld#ext-plugin-%s#1", o_key, k, want_type == T_RESP ? "post-resp" : "pre-req");
                int64_t tok = prepare(c->fd, name);
                if (tok < 0) { fprintf(stderr, "PrepareConf failed\n"); return 1; }
                tokens[k] = tok;
            }
            prepare_us = (now_ns() - from) / 1e3 / o_confs;
        }
        fcntl(c->fd, F_SETFL, O_NONBLOCK);
        c->cap = 65536;
        c->in = malloc(c->cap);
        struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
        epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev);
        idle[n_idle++] = i;
        live++;
    }

    int64_t start = now_ns(), t0 = start + (int64_t)(o_requests ? 0 : o_warm * 1e9), t1 = t0 + (int64_t)(o_dur * 1e9), began = 0, ended = 0;
    uint64_t next_k = 0, unsent = 0, b_done = 0, b_err = 0, b_bad = 0, b_info = 0, b_in = 0, b_out = 0, done = 0;
    double c_self = 0, c_run = 0;
    if (o_requests) {           /* everything counts, from the first request on */
        t1 = INT64_MAX;
        counting = 1;
        began = count_from = start;
        c_self = self_cpu(); c_run = cpu_of();
    }
    if (!o_rate) {
        int n = n_idle;
        n_idle = 0;
        for (int i = 0; i < n; i++) {
            if (o_requests && n_busy >= o_requests) idle[n_idle++] = i;
            else issue(&conns[i], now_ns());
        }
    }
    struct epoll_event evs[256];
    int64_t drain_until = 0;
    for (;;) {
        int64_t t = now_ns();
        if (!counting && running && t >= t0) {
            counting = 1; began = t; count_from = t;
            t1 = t + (int64_t)(o_dur * 1e9);    /* the warm-up may have taken longer than it should */
            b_done = n_done; b_err = n_err; b_bad = n_bad; b_info = n_info; b_in = n_in; b_out = n_out;
            c_self = self_cpu(); c_run = cpu_of();
        }
        if (running && (t >= t1 || (o_requests && n_done >= (uint64_t)o_requests) || !live)) {
            running = 0; ended = t;
            c_self = self_cpu() - c_self; c_run = cpu_of() - c_run;
            done = n_done - b_done;
            b_in = n_in - b_in; b_out = n_out - b_out; b_info = n_info - b_info;
            if (o_rate)     /* the ones whose time came and that no connection was free for */
                for (; start + (int64_t)(next_k * 1e9 / o_rate) < t; next_k++) {
                    hist_add(t - start - (int64_t)(next_k * 1e9 / o_rate));
                    unsent++;
                }
            drain_until = t + 2000000000LL;
        }
        if (!running && (!n_busy || t >= drain_until)) break;
        int64_t wait = running ? (counting ? t1 : t0) - t : drain_until - t;
        if (running && o_rate) {
            int64_t due;
            while (n_idle && (due = start + (int64_t)(next_k * 1e9 / o_rate)) <= t) {
                issue(&conns[idle[--n_idle]], due);
                next_k++;
            }
            if (n_idle && due - t < wait) wait = due - t;
        }
        if (wait < 0) wait = 0;
        if (wait > 100000000) wait = 100000000;
        struct timespec ts = { wait / 1000000000, wait % 1000000000 };
        int n = epoll_pwait2(ep, evs, COUNT(evs), &ts, NULL);
        for (int i = 0; i < n; i++) on_event(evs[i].data.ptr, evs[i].events);
    }
    double secs = (ended - began) / 1e9;
    long rss = 0, hwm = 0;
    for (int i = 0; i < nplist; i++) mem_of(plist[i], &rss, &hwm);
    uint64_t errs = n_err - b_err, bad = n_bad - b_bad;
    double per = done ? 1e6 / done : 0;
    if (o_json)
        printf("{\"label\":\"%s\",\"mode\":\"%s\",\"connections\":%d,\"rate\":%.0f,\"seconds\":%.3f,\"requests\":%" PRIu64 ",\"rps\":%.0f,"
               "\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f,\"mean\":%.1f,"
               "\"errors\":%" PRIu64 ",\"bad\":%" PRIu64 ",\"closed\":%" PRIu64 ",\"unanswered\":%d,\"unsent\":%" PRIu64 ",\"extra_info\":%" PRIu64 ","
               "\"stop\":%" PRIu64 ",\"rewrite\":%" PRIu64 ",\"none\":%" PRIu64 ",\"bytes_out\":%" PRIu64 ",\"bytes_in\":%" PRIu64 ","
               "\"client_cpu_s\":%.3f,\"runner_cpu_s\":%.3f,\"client_us_per_req\":%.2f,\"runner_us_per_req\":%.2f,\"procs\":%d,\"rss_kb\":%ld,\"hwm_kb\":%ld,\"prepare_us\":%.2f}\n",
               o_label, o_mode, o_conns, o_rate, secs, done, done / secs, hist_q(.5), hist_q(.9), hist_q(.99), hist_q(.999), hist_max / 1e3,
               hist_n ? hist_sum / hist_n / 1e3 : 0, errs, bad, n_closed, n_busy, unsent, b_info, n_act[1], n_act[2], n_act[0], b_out, b_in,
               c_self, c_run, c_self * per, c_run * per, nplist, rss, hwm, prepare_us);
    else {
        printf("%s%s%d connections, %.2f s, frame %u bytes: %" PRIu64 " requests, %.0f/s\n", o_label, *o_label ? ": " : "", o_conns, secs, f_req_len, done, done / secs);
        printf("latency us: p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f  mean %.1f\n", hist_q(.5), hist_q(.9), hist_q(.99), hist_q(.999), hist_max / 1e3, hist_n ? hist_sum / hist_n / 1e3 : 0);
        printf("replies: stop %" PRIu64 " rewrite %" PRIu64 " none %" PRIu64 "; error frames %" PRIu64 " (bad request %" PRIu64 ", unavailable %" PRIu64 ", token %" PRIu64 "), wrong %" PRIu64 ", connections closed %" PRIu64 ", unanswered %d, unsent %" PRIu64 ", extra info %" PRIu64 "\n",
               n_act[1], n_act[2], n_act[0], errs, err_code[0], err_code[1], err_code[2], bad, n_closed, n_busy, unsent, b_info);
        printf("bytes: out %" PRIu64 " in %" PRIu64 "\n", b_out, b_in);
        printf("cpu: client %.3f s (%.2f us/req)", c_self, c_self * per);
        if (o_npids) printf(", runner %.3f s (%.2f us/req), %d process(es), VmRSS %ld kB, VmHWM %ld kB", c_run, c_run * per, nplist, rss, hwm);
        putchar('\n');
    }
    return n_err || n_bad || n_closed || n_busy ? 3 : 0;
}
