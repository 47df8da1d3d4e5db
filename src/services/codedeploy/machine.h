// The machine of a deployment, in parts. Its state is the DeploymentInfo, and:
//   $groupId, $serviceRole, $tagFilters, $tagSet    of the group, as it was when the deployment was created
//   $minimum       {type, value} of the deployment configuration
//   $groupState    the group's state (codedeploy.h), kept here and written with each change
//   $targets       [InstanceTarget], in the order of deployment, with
//                  $profile (of the instance), $role (its role), $running (does it run?), $waitsUntil, $job ("stop" | "deploy": the job under way);
//                  a lifecycle event has $log, what its scripts printed when they went well (script_logs.c)
//   $stopping      StopDeployment was called; $rollback: and it asks for a rollback
#pragma once

#include "services/codedeploy/codedeploy.h"

// fleet.c: which instances, how many at once, and when it is over.
Principal deployment_role(const Step *step); // the service role, taken for the deployment group
void fleet_find(Step *step);
bool fleet_event(Step *step); // true: the event was one of its own
void fleet_go_on(Step *step); // starts what may start; ends the deployment when nothing is under way
void fleet_stop(Step *step);

// host.c: one instance, from ApplicationStop to ValidateService.
Doc *host_new(Step *step, const Doc *instance);
void host_begin(Step *step, Doc *target);
void host_stop(Step *step, Doc *target);
void host_skip(Step *step, Doc *target);
bool host_event(Step *step);
bool host_is(const Doc *target, const char *status);

// host_events.c: the lifecycle events of an instance.
Doc *events_new(Arena *arena);
void event_begin(Step *step, Doc *target, Str name, int64_t ms);
void event_end(Step *step, Doc *target, Str name, int64_t ms, const Doc *diagnostics, bool ok);
void event_fail(Step *step, Doc *target, Str name, Str message); // "UnknownError", without a script
Str event_under_way(const Doc *target); // STR_NONE: none
bool event_is(const Doc *target, const char *name, const char *status);
void events_skip_rest(Step *step, Doc *target);

// host_job.c: the agent's jobs on an instance.
enum { JOB_IS_STOP, JOB_IS_DEPLOY };
void job_run(Step *step, Doc *target, int kind, const Doc *bundle);
void job_signal(Step *step, Doc *target, const char *signal);

// finish.c
void deployment_fail(Step *step, const char *code, Str message);
void deployment_finish(Step *step, const char *status); // rolls back where that is wanted
void deployment_put_group_state(Step *step);
void deployment_publish(Step *step, const char *state);
void instance_publish(Step *step, Str instance, const char *state);
