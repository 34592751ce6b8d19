/** @file rtq/rtq.h
 *  KQL on event streams: everything. Rules that hold for every function:
 *
 *  - **Handles** are reference counted. X_free() drops the caller's reference (NULL is fine, any order, any thread); a function that
 *    keeps a handle takes a reference of its own. Nothing is ever "taken": after failure or success you still free what you made; a
 *    handle that could not be made is NULL. A child keeps its env, a run its sources, queries and sinks; what belongs to different
 *    envs does not go together (RTQ_ERR_ARG).
 *  - **user** pointers with a `destroy`: destroy(user) runs exactly once, on the last release, also when the call fails.
 *  - **Structs** that start with `size` grow at the end: set size and zero the rest, for output too (the library writes the smaller of
 *    the two sizes). What a caller sets of a newer struct that this library does not know is RTQ_ERR_ARG, and so are flags and
 *    reserved members. Structs without `size` (str, option, value, column, column_def, clock) are frozen.
 *  - **rtq_diag \*\*diag**, always last: NULL, or the address of a pointer that is NULL or from an earlier call (then cleared and
 *    reused: free it once at the end; `rtq_blob **` likewise). It may hold warnings after RTQ_OK.
 *  - **Text** in and out is UTF-8 with a length; RTQ_NTS says NUL-terminated. String values are always valid UTF-8 (bad bytes became
 *    U+FFFD, which sources tell in a notice), may hold NUL and are not terminated. Paths: OS bytes; UTF-8 on Windows.
 *  - **Time**: datetime and timespan are int64_t ticks of 100 ns, datetimes since 0001-01-01 UTC. Durations of waits: ns.
 *  - **Threads**: "any" any thread at any time; "run" the one thread that is in the run now (others may take turns); "one" one thread at
 *    a time per handle. Callbacks run in the thread that is in rtq_run_step(), and may call only functions on that run that any
 *    thread may call, and free it. No longjmp, no exceptions. After fork() the child may only exec. */
#ifndef RTQ_RTQ_H
#define RTQ_RTQ_H
#include "batch.h"
#include "diag.h"
#include "env.h"
#include "query.h"
#include "run.h"
#include "sink.h"
#include "source.h"
#include "value.h"
#endif
