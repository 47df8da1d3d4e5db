// CodeBuild: projects, builds, reports.
//
// Documents hold what the API shows, by the model's member names; members that begin with '$' are ours.
//   codebuild.project      id NAME                          Project, with $builds (the last build number)
//   codebuild.build        id PROJECT:UUID                  Build: the machine of build_machine.c
//   codebuild.queue        id "queue"                       which builds run and which wait: the machine of queue.c
//   codebuild.credential   id TOKEN, partition ("", global)  whose role a build's processes may act as (credentials.c)
//   codebuild.report-group id NAME                          ReportGroup
//   codebuild.report       id GROUP:UUID                    Report
//   codebuild.test-case    id GROUP:UUID/NNNNNN             TestCase
#pragma once

#include "plane/endpoint.h"
#include "plane/turn.h"

extern const DocumentType CODEBUILD_PROJECT, CODEBUILD_BUILD, CODEBUILD_QUEUE, CODEBUILD_CREDENTIAL, CODEBUILD_REPORT_GROUP, CODEBUILD_REPORT,
    CODEBUILD_TEST_CASE;
extern const EndpointType CODEBUILD_CREDENTIALS;
#define CODEBUILD_HOST "codebuild.amazonaws.com"

CallHandler create_project, update_project, delete_project, batch_get_projects, list_projects;
CallHandler start_build, stop_build, retry_build, batch_get_builds, list_builds, list_builds_for_project, batch_delete_builds;
CallHandler create_report_group, update_report_group, delete_report_group, batch_get_report_groups, list_report_groups;
CallHandler batch_get_reports, list_reports, list_reports_for_report_group, describe_test_cases, delete_report;
CallHandler get_report_group_trend, list_shared_projects, list_shared_report_groups;
CallHandler list_curated_environment_images;
void project_requirements(Turn *turn, const Call *call, Requirements *all);

Str codebuild_arn(Arena *arena, Partition where, const char *kind, Str id);
Str codebuild_problem(Arena *arena, const Doc *error); // the "error" of a reply of S3, in the words of the SDK that CodeBuild's agent uses

// codebuild.c: batches act on several projects or report groups ("project", "report-group"); the first one has been asked for already.
bool may_act_on_each(Turn *turn, const Call *call, const Doc *names, const char *kind, Error *e);

// checks.c: each sets AWS's error, or NotImplemented with the name of what is not built.
bool check_project(Turn *turn, const Doc *project, Error *e);
bool check_build(Turn *turn, const Doc *build, bool from_pipeline, Error *e);
bool check_overrides(const Doc *input, Error *e);
bool invalid_input(Error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

// projects.c: what AWS answers for members that nobody gave.
void fill_environment(Arena *arena, Doc *environment);
void fill_artifacts(Arena *arena, Doc *artifacts, Str name);

// assemble.c: a build before it starts.
Doc *build_of_project(Turn *turn, const Call *call, const Doc *project); // of StartBuild
Doc *build_again(Turn *turn, const Call *call, const Doc *earlier, const Doc *project); // of RetryBuild
bool is_from_pipeline(const Call *call);

// reports.c
bool find_report_group(Turn *turn, Str arn, Doc **group, Error *e);
Doc *reports_of(Turn *turn, Str group);

// artifacts.c: where artifacts go. `wanted`: ProjectArtifacts.
Str artifact_bucket(const Doc *wanted);
Str artifact_key(Arena *arena, const Doc *build, const Doc *wanted, Str name);
Doc *artifact_view(Arena *arena, const Doc *build, const Doc *wanted); // BuildArtifacts before anything is uploaded
void artifact_show_place(Arena *arena, Doc *view, const Doc *wanted, Str key);

// lists.c
typedef enum ListOrder { ORDER_NAME, ORDER_CREATED, ORDER_MODIFIED, ORDER_STARTED } ListOrder; // of names: by ARN

typedef struct Listing {
    const Doc *docs;
    const Doc *filter; // {"status"}, or NULL
    ListOrder order;
    bool ascending;
    const char *shows, *as; // the member that is shown of each, and the list in the reply
} Listing;

ListOrder listing_order(const Call *call); // by the input's sortBy
const Doc **listing_sort(Arena *arena, const Listing *listing, size_t *count);
Outcome list_documents(const Call *call, const Listing *listing, Doc **out, Error *e);

// phases.c: the bookkeeping of a build's phases; each end is told by an event.
void phase_begin(Step *step, const char *phase);
void phase_go_on(Step *step); // between two phases: begins the next, so that a failure has a place
void phase_end(Step *step, const char *status, const char *code, Str message); // of the current phase; code NULL: without contexts
void phase_end_at(Step *step, Str name, Str status, int64_t end_ms, const Doc *contexts);
bool phase_is(const Step *step, const char *phase); // is it under way?
void build_complete(Step *step, const char *status); // COMPLETED, with the last event

// events.c
void event_of_state(Step *step);
void event_of_phase(Step *step, const Doc *phase);

// provision.c: source, logs, sandbox, the job.
void provision_begin(Step *step);
bool provision_event(Step *step); // true: the event was one of its own

// collect.c: what the job left: artifacts and reports.
void collect_record(Step *step, const Doc *record);
void collect_begin(Step *step);
bool collect_event(Step *step);

// logs.c: the build's lines to CloudWatch Logs.
void log_view(Arena *arena, Partition where, Doc *logs, Str group, Str stream); // the links of LogsLocation; "null" while there is no stream
void log_open(Step *step, Str group, Str stream); // as calls with the tags "log-group" and "log-stream"
void log_chunks(Step *step, const Doc *chunks);
void log_line_of(Step *step, Str line);
void log_flush(Step *step); // a last line without an end

// credentials.c
void credential_put(Turn *turn, Doc *build); // gives the build a token of its own

// build_machine.c
Principal build_principal(const Step *step);
void ask_permission(Step *step, const char *const *actions, Str resource, Str tag); // the answer comes as event "permission" {tag, ok, message}
void build_fail(Step *step, const char *phase_status, const char *code, Str message); // ends the current phase badly; what runs is killed
