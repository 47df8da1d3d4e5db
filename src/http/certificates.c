// The authority's files, and the certificates that servers show. Keys are read, and OpenSSL set up, at the first handshake: most runs never have one.
#include "http/certificates.h"

#include "base/limits.h"
#include "base/map.h"
#include "os/files.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    AUTHORITY_DAYS = 3650,
    SERVER_DAYS = 397, // the longest that clients accept of a server
    SERIAL_BYTES = 16,
    KEY_MODE = 0600,
    CERTIFICATE_MODE = 0644,
    FILE_LIMIT_BYTES = 64 * 1024,
};

static const char PERMITTED[] = "critical,permitted;DNS:localhost,permitted;DNS:amazonaws.com,permitted;IP:127.0.0.0/255.0.0.0,"
                                "permitted;IP:10.0.0.0/255.0.0.0,permitted;IP:169.254.169.254/255.255.255.255,"
                                "permitted;IP:0:0:0:0:0:0:0:1/FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF";
static const char LOCAL_NAMES[] = "DNS:localhost,IP:127.0.0.1,IP:::1";

struct Certificates {
    Arena *arena;
    Str folder, authority_path;
    SSL_CTX *context; // NULL until the first handshake
    EVP_PKEY *authority_key, *server_key;
    X509 *authority, *local; // local: for clients that ask for no name of ours
    Map *by_name; // X509
};

static bool fail_crypto(Error *e, const char *what) {
    char reason[160];
    ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
    ERR_clear_error();
    return fail(e, "crypto", "%s: %s", what, reason);
}

// Making certificates

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool set_serial(X509 *certificate) {
    unsigned char bytes[SERIAL_BYTES];
    if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
    bytes[0] = (bytes[0] & 0x7f) | 1; // positive, and not 0
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return set;
}

static bool set_name(X509_NAME *name, const char *common) {
    return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Rehearse", -1, -1, 0) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common, -1, -1, 0) == 1;
}

// Validity begins a day ago: clocks of containers differ.
static bool set_basics(X509 *certificate, EVP_PKEY *key, const char *common, int days) {
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -86400L) && X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, NULL) &&
           X509_set_pubkey(certificate, key) == 1 && set_name(X509_get_subject_name(certificate), common);
}

static X509 *finished(X509 *certificate, bool good) {
    if (good) return certificate;
    X509_free(certificate);
    return NULL;
}

static X509 *make_authority(EVP_PKEY *key) {
    X509 *made = X509_new();
    bool good =
        made && set_basics(made, key, "Rehearse local authority", AUTHORITY_DAYS) && X509_set_issuer_name(made, X509_get_subject_name(made)) == 1 &&
        add_extension(made, made, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(made, made, NID_key_usage, "critical,keyCertSign,cRLSign") && add_extension(made, made, NID_subject_key_identifier, "hash") &&
        add_extension(made, made, NID_name_constraints, PERMITTED) && X509_sign(made, key, EVP_sha256());
    return finished(made, good);
}

static X509 *make_server(const Certificates *certificates, const char *common, const char *names) {
    X509 *made = X509_new();
    bool good = made && set_basics(made, certificates->server_key, common, SERVER_DAYS) &&
                X509_set_issuer_name(made, X509_get_subject_name(certificates->authority)) == 1 &&
                add_extension(made, certificates->authority, NID_basic_constraints, "critical,CA:FALSE") &&
                add_extension(made, certificates->authority, NID_key_usage, "critical,digitalSignature") &&
                add_extension(made, certificates->authority, NID_ext_key_usage, "serverAuth") &&
                add_extension(made, certificates->authority, NID_subject_key_identifier, "hash") &&
                add_extension(made, certificates->authority, NID_authority_key_identifier, "keyid:always") &&
                add_extension(made, certificates->authority, NID_subject_alt_name, names) &&
                X509_sign(made, certificates->authority_key, EVP_sha256());
    return finished(made, good);
}

// Files

static Str path_of(const Certificates *certificates, const char *name) { return path_join(certificates->arena, certificates->folder, str_of(name)); }

static bool write_pem(const Certificates *certificates, const char *name, BIO *text, mode_t mode, Error *e) {
    char *at = NULL;
    long len = BIO_get_mem_data(text, &at);
    bool written = file_write_atomically(path_of(certificates, name), (Str){at, (size_t)len}, mode, e);
    BIO_free(text);
    return written;
}

static bool write_key(const Certificates *certificates, const char *name, EVP_PKEY *key, Error *e) {
    BIO *text = BIO_new(BIO_s_mem());
    if (!text || PEM_write_bio_PrivateKey(text, key, NULL, NULL, 0, NULL, NULL) != 1) {
        BIO_free(text);
        return fail_crypto(e, name);
    }
    return write_pem(certificates, name, text, KEY_MODE, e);
}

static bool write_certificate(const Certificates *certificates, const char *name, X509 *certificate, Error *e) {
    BIO *text = BIO_new(BIO_s_mem());
    if (!text || PEM_write_bio_X509(text, certificate) != 1) {
        BIO_free(text);
        return fail_crypto(e, name);
    }
    return write_pem(certificates, name, text, CERTIFICATE_MODE, e);
}

static BIO *read_pem(const Certificates *certificates, const char *name, Str *text, Error *e) {
    if (!file_read(certificates->arena, path_of(certificates, name), FILE_LIMIT_BYTES, text, e)) return NULL;
    return BIO_new_mem_buf(text->at, (int)text->len);
}

static bool read_key(const Certificates *certificates, const char *name, EVP_PKEY **key, Error *e) {
    Str text;
    BIO *bio = read_pem(certificates, name, &text, e);
    if (!bio) return false;
    *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return *key || fail_crypto(e, name);
}

static bool read_certificate(const Certificates *certificates, const char *name, X509 **certificate, Error *e) {
    Str text;
    BIO *bio = read_pem(certificates, name, &text, e);
    if (!bio) return false;
    *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return *certificate || fail_crypto(e, name);
}

// ca.pem is written last: where it stands, the rest does too.
static bool create(Certificates *certificates, Error *e) {
    certificates->authority_key = EVP_EC_gen("P-256");
    certificates->server_key = EVP_EC_gen("P-256");
    if (!certificates->authority_key || !certificates->server_key) return fail_crypto(e, "keys");
    certificates->authority = make_authority(certificates->authority_key);
    if (!certificates->authority) return fail_crypto(e, "certificate authority");
    TRY(write_key(certificates, "ca.key", certificates->authority_key, e));
    TRY(write_key(certificates, "server.key", certificates->server_key, e));
    return write_certificate(certificates, "ca.pem", certificates->authority, e);
}

// Making keys draws in much of OpenSSL, which would stay in the memory of a server that may never show a certificate: a process of its own does it.
static bool create_apart(Certificates *certificates, Error *e) {
    int status = 0;
    Error *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return fail_errno(e, errno, "memory");
    pid_t child = fork();
    if (child == 0) _exit(create(certificates, shared) ? 0 : 1);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    bool made = child > 0 && status == 0;
    if (!made && e) *e = *shared;
    if (!made && !shared->code[0]) fail(e, "certificates", "the process that makes the keys ended with status %d", status);
    munmap(shared, sizeof *shared);
    return made;
}

bool certificates_open(Str folder, Certificates **out, Error *e) {
    Certificates *certificates = calloc(1, sizeof *certificates);
    if (!certificates) abort();
    certificates->arena = arena_new();
    certificates->folder = str_copy(certificates->arena, folder);
    certificates->authority_path = path_of(certificates, "ca.pem");
    certificates->by_name = map_new();
    if (!file_exists(certificates->authority_path) && !create_apart(certificates, e)) {
        certificates_close(certificates);
        return fail_within(e, "certificates in %.*s", STR_ARG(folder));
    }
    *out = certificates;
    return true;
}

void certificates_close(Certificates *certificates) {
    if (!certificates) return;
    Str name;
    void *certificate;
    for (size_t at = 0; map_next(certificates->by_name, &at, &name, &certificate);) X509_free(certificate);
    map_free(certificates->by_name);
    SSL_CTX_free(certificates->context);
    EVP_PKEY_free(certificates->authority_key);
    EVP_PKEY_free(certificates->server_key);
    X509_free(certificates->authority);
    X509_free(certificates->local);
    arena_free(certificates->arena);
    free(certificates);
}

Str certificates_authority_path(const Certificates *certificates) { return certificates->authority_path; }

// Sessions

static bool is_host_name(Str name) {
    if (name.len == 0 || name.len > 253) return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.')) return false;
    }
    return true;
}

// The certificate for a name under amazonaws.com or localhost (OpenSSL takes no wildcard right under a top-level name), made when first asked for; NULL for
// other names.
static X509 *certificate_for(Certificates *certificates, Str asked) {
    AUTO_ARENA arena = arena_new();
    Str name = str_lower(arena, asked);
    if (!is_host_name(name) || !(str_ends(name, STR(".amazonaws.com")) || str_ends(name, STR(".localhost")))) return NULL;
    X509 *known = map_get(certificates->by_name, name);
    if (known || map_count(certificates->by_name) >= LIMIT_TLS_NAMES) return known;
    Str names = str_format(arena, "DNS:%.*s,%s", STR_ARG(name), LOCAL_NAMES);
    X509 *made = make_server(certificates, name.len <= 64 ? str_c(arena, name) : "rehearse", names.at); // a common name has at most 64 characters
    if (made) map_put(certificates->by_name, name, made);
    return made;
}

static int choose_certificate(SSL *ssl, void *context) {
    Certificates *certificates = context;
    const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    X509 *certificate = asked ? certificate_for(certificates, str_of(asked)) : NULL;
    if (!certificate) certificate = certificates->local;
    return SSL_use_certificate(ssl, certificate) == 1 && SSL_use_PrivateKey(ssl, certificates->server_key) == 1;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *offered, unsigned offered_len,
                           void *context) {
    static const unsigned char SPOKEN[] = "\x08http/1.1";
    int chosen = SSL_select_next_proto((unsigned char **)out, out_len, SPOKEN, sizeof SPOKEN - 1, offered, offered_len);
    return chosen == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static bool load(Certificates *certificates, Error *e) {
    if (!certificates->authority) {
        TRY(read_key(certificates, "ca.key", &certificates->authority_key, e));
        TRY(read_key(certificates, "server.key", &certificates->server_key, e));
        TRY(read_certificate(certificates, "ca.pem", &certificates->authority, e));
    }
    if (!certificates->local) certificates->local = make_server(certificates, "localhost", LOCAL_NAMES);
    return certificates->local || fail_crypto(e, "server certificate");
}

static bool set_up(Certificates *certificates, Error *e) {
    TRY(load(certificates, e));
    certificates->context = SSL_CTX_new(TLS_server_method());
    if (!certificates->context) return fail_crypto(e, "TLS");
    SSL_CTX_set_min_proto_version(certificates->context, TLS1_2_VERSION);
    SSL_CTX_set_options(certificates->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(certificates->context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(certificates->context, SSL_SESS_CACHE_OFF); // tickets do; a cache would grow
    SSL_CTX_set_cert_cb(certificates->context, choose_certificate, certificates);
    SSL_CTX_set_alpn_select_cb(certificates->context, choose_protocol, NULL);
    return true;
}

SSL *certificates_new_session(Certificates *certificates, Error *e) {
    if (!certificates->context && !set_up(certificates, e)) {
        fail_within(e, "certificates in %.*s", STR_ARG(certificates->folder));
        return NULL;
    }
    SSL *ssl = SSL_new(certificates->context);
    if (!ssl) fail_crypto(e, "TLS");
    return ssl;
}
