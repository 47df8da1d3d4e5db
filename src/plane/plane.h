// Plane: the control plane as a whole. The loop thread opens it, gives it requests and closes it; the turn thread inside does the writing.
//
// Called by cli/up.c. The folder of data is locked while the plane is open: a second server on it is refused.
#pragma once

#include "base/error.h"
#include "engine/clock.h"
#include "os/loop.h"

typedef struct Plane Plane;

typedef struct PlaneOptions {
    Str host; // "127.0.0.1"
    uint16_t port;
    Str data; // folder, absolute
    Str account, region; // of requests that do not say
    Str version; // of the program
    ClockMode clock_mode;
    double clock_scale;
    bool strict; // refuse access keys that the plane did not issue
} PlaneOptions;

bool plane_open(Loop *loop, const PlaneOptions *options, Plane **out, Error *e);
void plane_close(Plane *plane); // accepts NULL; finishes the turn under way, answers nobody else
const PlaneOptions *plane_options(const Plane *plane);
uint16_t plane_port(const Plane *plane); // the one that was bound, when 0 was asked for
int64_t plane_now(const Plane *plane); // plane time as the loop knows it
