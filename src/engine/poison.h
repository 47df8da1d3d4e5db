// Poison: an event or command whose handling crashed the server, so that the next start would crash again.
//
// While something is being handled its id is noted in memory; a fatal signal (SIGSEGV, SIGABRT, …; not kill -9, which is nobody's fault) writes that note to
// DATA/crashed before the process dies. The next start counts it in ENGINE_TABLE ("poison", id). What has crashed the server LIMIT_CRASHES_OF_AN_EVENT
// times is not handled any more, and is listed by poison_list.
//
// Turn thread only, but for poison_watch, which is called once before it starts.
#pragma once

#include "base/doc.h"
#include "store/store.h"

void poison_watch(Str data_folder); // installs the signal handlers
// Within the first transaction: counts the crash that the last run noted. The note itself goes with poison_settle, after the commit.
void poison_load(Store *store, Str data_folder);
void poison_settle(Str data_folder);

bool poison_is(Store *store, Str id); // costs nothing while there never was a crash
Doc *poison_list(Store *store, Arena *arena); // [{"id", "crashes"}] of what is set aside

void poison_arm(Str part); // `rehearse up --crash-on`: aborts while what is handled has this in its id; for tests
// Notes what is being handled, unless something is noted already (then the outer one is to blame). Returns whether poison_leave is due.
bool poison_enter(Str id);
void poison_leave(bool entered);
