#include "spec.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool fields_read(const char *path, Fields *out) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    struct stat info;
    bool good = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    size_t size = good ? (size_t)info.st_size : 0, got = 0;
    char *text = malloc(size + 1);
    while (good && got < size) {
        ssize_t n = read(fd, text + got, size - got);
        if (n <= 0) break;
        got += (size_t)n;
    }
    close(fd);
    if (!good || !text || got < size) {
        free(text);
        errno = EIO;
        return false;
    }
    text[size] = 0;
    *out = (Fields){text, size};
    return true;
}

void fields_free(Fields *fields) {
    free(fields->text);
    *fields = (Fields){0};
}

const char *fields_next(const Fields *fields, const char *at, const char **value) {
    const char *end = fields->text + fields->size;
    for (at = at ? at + strlen(at) + 1 : fields->text; at < end; at += strlen(at) + 1) {
        const char *equals = strchr(at, '=');
        if (!equals) continue;
        *value = equals + 1;
        return at;
    }
    return NULL;
}

bool field_is(const char *record, const char *key) {
    size_t length = strlen(key);
    return strncmp(record, key, length) == 0 && record[length] == '=';
}

const char *field(const Fields *fields, const char *key, const char *fallback) {
    for (const char *at = NULL, *value; (at = fields_next(fields, at, &value));)
        if (field_is(at, key)) return value;
    return fallback;
}

int64_t field_number(const Fields *fields, const char *key) { return strtoll(field(fields, key, "0"), NULL, 10); }

size_t field_count(const Fields *fields, const char *key) {
    size_t count = 0;
    for (const char *at = NULL, *value; (at = fields_next(fields, at, &value));) count += field_is(at, key);
    return count;
}

bool id_is_sane(const char *id) {
    size_t length = strlen(id);
    if (length == 0 || length >= ID_BYTES || id[0] == '.') return false;
    for (const char *c = id; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-_.:", *c)) return false;
    return true;
}
