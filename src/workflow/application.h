// Application: what rehearse.yaml says of a folder, or what its buildspec.yml, appspec.yml and integration_buildspec.yml alone make of it.
//
//     application: register-app        name; default: the folder's. Lower-case letters, digits, '-'
//     variables: { LEVEL: debug }      environment of builds and tests
//     instances:                       default: one named as the application, with port 80, when there is an appspec.yml
//       - name: web                    tag Name
//         count: 1                     fewer than before: the newest are terminated
//         ports: [80]                  admitted by the security group, and no others; the first is shown unless 80 is among them
//     tables:
//       - name: Users
//         key: id                      text; or { name: id, type: number }; stays as it is once the table is there
//         sort: time                   optional, likewise
//     permissions:                     beyond what the stages need: of the roles pipeline, build, deploy, instance
//       build: [ "ssm:GetParameter", { actions: ["s3:GetObject"], resources: ["arn:aws:s3:::x/*"] } ]
//     stages:
//       - { name: Source, source: { branch: main } }      added in front when it is not named
//       - { name: Build, build: buildspec.yml }
//       - { name: Deploy, deploy: [web] }
//       - { name: IntegrationTest, test: integration_buildspec.yml }
//       - { name: Release, approve: "Has marketing seen it?" }
//
// share/rehearse.schema.json says the same for editors. A mistake is an error "rehearse.yaml:LINE:COLUMN: what is wrong, what was expected".
#pragma once

#include "base/doc.h"
#include "base/error.h"
#include "base/vec.h"

typedef enum StageKind { STAGE_SOURCE, STAGE_BUILD, STAGE_DEPLOY, STAGE_TEST, STAGE_APPROVE, STAGE_KINDS } StageKind;

typedef struct Stage {
    Str name;
    StageKind kind;
    Str branch; // source
    Str buildspec; // build, test
    bool has_artifacts; // build, test: the buildspec names artifacts
    Vec targets; // deploy: Str, names of instances
    Str comment; // approve
    uint32_t line, column; // in rehearse.yaml; 0 elsewhere
} Stage;

typedef struct Instance {
    Str name;
    int64_t count;
    Vec ports; // int64_t
} Instance;

typedef struct TableKey {
    Str name, type; // "S" or "N"
} TableKey;

typedef struct Table {
    Str name;
    TableKey key, sort; // sort.name: STR_NONE when there is none
} Table;

typedef struct Variable {
    Str name, value;
} Variable;

typedef enum Role { ROLE_PIPELINE, ROLE_BUILD, ROLE_DEPLOY, ROLE_INSTANCE, ROLES } Role;

typedef struct Permission {
    Role role;
    Vec actions, resources; // Str
} Permission;

typedef struct Application {
    Str folder; // absolute
    Str name;
    Vec stages, instances, tables, variables, permissions;
} Application;

// Reads the folder. Fails with code "bad-application" when there is nothing to rehearse or something is wrong with it.
bool application_read(Arena *arena, Str folder, Application *out, Error *e);
// The text of a rehearse.yaml alone, without looking at files (tests).
bool application_parse(Arena *arena, Str text, Application *out, Error *e);
// What is allowed but will hardly do what is meant; a line for each goes into `notes` (Str).
void application_doubts(Arena *arena, const Application *application, Vec *notes);
// The name of its AppSpec in its folder; STR_NONE: there is none.
Str application_appspec(Arena *arena, const Application *application);
const char *stage_kind_name(StageKind kind); // "build"
const char *role_name(Role role); // "build"
