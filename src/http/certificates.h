// Certificates: the certificate authority of a data folder, and server certificates made on the fly for the names that clients ask for (SNI).
//
// Files in the folder: ca.pem (to be trusted by clients), ca.key and server.key (mode 0600). ECDSA P-256. The authority is constrained by its certificate to
// localhost, *.localhost, loopback and the private addresses of instances, and amazonaws.com, so that trusting it gives nobody anything else.
// Every server certificate names localhost, 127.0.0.1, ::1, and besides the asked name when it lies under localhost or amazonaws.com.
// For the loop's thread.
#pragma once

#include "base/error.h"

typedef struct Certificates Certificates;
typedef struct ssl_st SSL;

// Makes the authority at the first use of a folder (which must exist); later ones only remember the folder: keys are read at the first handshake.
bool certificates_open(Str folder, Certificates **out, Error *e);
void certificates_close(Certificates *certificates); // accepts NULL
Str certificates_authority_path(const Certificates *certificates); // of ca.pem, for GIT_SSL_CAINFO, AWS_CA_BUNDLE
SSL *certificates_new_session(Certificates *certificates, Error *e); // a server's end; the caller's to SSL_free
