#include "workflow/run.h"

#include "os/files.h"
#include "workflow/execution.h"
#include "workflow/launch.h"
#include "workflow/provision.h"
#include "workflow/report.h"
#include "workflow/revision.h"
#include "workflow/screen.h"
#include "workflow/watch.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

enum { OUTPUT_BYTES = 1024 * 1024, ABBREVIATED = 7, SUBJECT_LEAST = 16, QUOTES = 2, FOREIGN_COLUMNS = 72, CHANGED_COLUMNS = 28 };

typedef struct Run {
    const RunOptions *options;
    Arena *arena;
    Client client;
    Application application;
    Place place;
    Str data; // the plane's
    Revision revision;
    Str execution;
    Watch watch;
    int64_t began_ms; // when the revision went out
    Look look; // of standard output
    Screen *screen;
} Run;

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number) { interrupted = 1; }

static void print(const Buf *out) { file_write_fd(STDOUT_FILENO, buf_str(out), NULL); }

// ---- Which application ----

static Str last_path(const Run *run) { return path_join(run->arena, run->data, STR("applications/last")); }

static void remember_folder(const Run *run) { file_write(last_path(run), run->application.folder, 0600, NULL); }

// `rehearse run --retry STAGE` stands in the summary without a folder: it means the application that was run last.
static bool read_application(Run *run, Error *e) {
    Error why = {0};
    Str folder = str_of(run->options->folder ? run->options->folder : ".");
    if (application_read(run->arena, folder, &run->application, &why)) return true;
    bool retry = run->options->retry && !run->options->folder;
    if (retry && file_read(run->arena, last_path(run), PATH_MAX, &folder, NULL)) return application_read(run->arena, folder, &run->application, e);
    if (e) *e = why;
    return false;
}

// What has no plane has failed nowhere: a retry starts none.
static bool has_plane(Run *run, Error *e) {
    Error why = {0};
    Doc *health = NULL;
    if (client_health(&run->client, run->arena, &health, &why)) return true;
    if (error_is(&why, "unreachable"))
        return fail(e, "usage", "no control plane answers at %.*s, so there is nothing to retry", STR_ARG(run->client.url));
    if (e) *e = why;
    return false;
}

static bool find_plane(Run *run, Error *e) {
    Doc *health = NULL;
    bool started = false;
    const char *data = run->options->data ? run->options->data : ".rehearse";
    char cwd[PATH_MAX];
    if (!getcwd(cwd, sizeof cwd)) return fail(e, "system", "the current folder is gone");
    Str wanted = data[0] == '/' ? str_of(data) : path_join(run->arena, str_of(cwd), str_of(data));
    TRY(launch_plane(&run->client, run->arena, wanted, &health, &started, e));
    run->data = doc_text(health, "data");
    client_keeps(&run->client, run->arena, run->data);
    if (started) {
        Str line =
            str_format(run->arena, "Started a control plane at %.*s; it keeps everything in %.*s", STR_ARG(run->client.url), STR_ARG(run->data));
        screen_note(run->screen, line);
    }
    return true;
}

// ---- Before the pipeline runs ----

// A commit's subject on one line of its own, beside `others` columns: it is whatever somebody wrote, so what a terminal would obey is not shown.
static Str shown_subject(const Run *run, Str subject, int others) {
    int room = run->look.width - others;
    Str text = text_printable(run->arena, str_as_utf8(run->arena, subject));
    return text_cut(run->arena, &run->look, text, room > SUBJECT_LEAST ? room : SUBJECT_LEAST);
}

static Str changes_of(const Run *run) {
    const char *dot = look_symbol(&run->look, SYMBOL_DOT);
    int64_t changed = (int64_t)run->revision.changed.len;
    if (run->revision.first) return STR("");
    if (changed == 0) return str_format(run->arena, " %s unchanged since the last run", dot);
    Str files = human_count(run->arena, changed, "file", "files");
    return str_format(run->arena, " %s %.*s changed since the last run", dot, STR_ARG(files));
}

// Which files, as far as a line goes.
static void write_changed(const Run *run, Buf *out) {
    const Vec *changed = &run->revision.changed;
    int room = run->look.width - CHANGED_COLUMNS;
    Str names = STR("");
    size_t named = 0;
    for (; named < changed->len; named++) {
        Str name = text_printable(run->arena, str_as_utf8(run->arena, vec_get(changed, Str, named)));
        Str longer = str_format(run->arena, "%.*s%s%.*s", STR_ARG(names), named ? ", " : "", STR_ARG(name));
        if (named && text_columns(longer) > room) break;
        names = text_cut(run->arena, &run->look, longer, room);
    }
    Str more = named < changed->len ? str_format(run->arena, " and %zu more", changed->len - named) : STR("");
    look_text(&run->look, COLOUR_DIM, str_format(run->arena, "   changed  %.*s%.*s", STR_ARG(names), STR_ARG(more)), out);
    buf_add_char(out, '\n');
}

static void write_header(const Run *run) {
    if (run->options->quiet || run->options->json) return;
    const char *dot = look_symbol(&run->look, SYMBOL_DOT);
    Str commit = str_sub(run->revision.commit, 0, ABBREVIATED);
    Str name = run->application.name, rest = str_format(run->arena, " %s %s once more", dot, run->options->retry ? run->options->retry : "");
    if (commit.len) {
        Str changes = changes_of(run), begins = str_format(run->arena, " %s revision %.*s ", dot, STR_ARG(commit));
        Str subject = shown_subject(run, run->revision.subject, text_columns(name) + text_columns(begins) + text_columns(changes) + QUOTES);
        rest = str_format(run->arena, "%.*s\"%.*s\"%.*s", STR_ARG(begins), STR_ARG(subject), STR_ARG(changes));
    }
    AUTO_BUF out;
    buf_init(&out, OUTPUT_BYTES);
    bool fits = text_columns(name) + text_columns(rest) <= run->look.width;
    if (fits) look_text(&run->look, COLOUR_BOLD, name, &out);
    look_fold(&run->look, COLOUR_NONE, fits ? rest : str_cat(run->arena, name, rest), &out);
    if (!run->revision.first && run->revision.changed.len) write_changed(run, &out);
    print(&out);
}

static Str branch_of(const Application *application) { return ((const Stage *)vec_at(&application->stages, 0))->branch; }

static bool push(Run *run, Error *e) {
    screen_busy(run->screen, "Committing and pushing the folder");
    bool pushed = revision_push(&run->client, run->arena, run->data, run->application.folder, run->application.name, branch_of(&run->application),
                                &run->revision, e);
    screen_clear(run->screen);
    return pushed;
}

static void write_nested(const Run *run) {
    for (size_t i = 0; i < run->revision.nested.len; i++) {
        Str path = vec_get(&run->revision.nested, Str, i);
        screen_note(run->screen, str_format(run->arena, "%.*s is a git repository of its own: as on AWS, its files are in no revision of this one",
                                            STR_ARG(path)));
    }
}

static void write_unasked(const Run *run) {
    Str repository = run->revision.unasked;
    if (!repository.len) return;
    screen_note(run->screen, str_format(run->arena,
                                        "%.*s belongs to another user, so git does not say what it ignores beyond the .gitignore of this folder. "
                                        "Mend: git config --global --add safe.directory %.*s",
                                        STR_ARG(repository), STR_ARG(repository)));
}

static void write_foreign(const Run *run) {
    const Revision *revision = &run->revision;
    if (!revision->foreign.len) return;
    Str branch = branch_of(&run->application), commit = str_sub(revision->foreign, 0, ABBREVIATED);
    Str subject = shown_subject(run, revision->foreign_subject, FOREIGN_COLUMNS + text_columns(branch));
    screen_note(run->screen, str_format(run->arena, "%.*s had %.*s \"%.*s\", which this folder does not have: it stays in the history",
                                        STR_ARG(branch), STR_ARG(commit), STR_ARG(subject)));
}

// Two folders of one name are one application: whoever did not mean that reads it before they wonder.
static void note_folder(const Run *run) {
    Str path = str_format(run->arena, "%.*s/applications/%.*s.folder", STR_ARG(run->data), STR_ARG(run->application.name)), before;
    bool known = file_read(run->arena, path, PATH_MAX, &before, NULL);
    file_write(path, run->application.folder, 0600, NULL);
    if (!known || run->revision.first || str_eq(before, run->application.folder)) return;
    screen_note(run->screen,
                str_format(run->arena,
                           "%.*s was run from %.*s before; this folder is its next revision. To keep them apart: another name in rehearse.yaml",
                           STR_ARG(run->application.name), STR_ARG(before)));
}

// Another user's plane, or one on another machine, answers calls; but the repository that revisions are made in lies in its data folder.
static bool check_data(const Run *run, Error *e) {
    if (access(str_c(run->arena, run->data), W_OK) == 0) return true;
    return fail(
        e, "not-ours",
        "the control plane at %.*s keeps everything in %.*s, which you cannot write to: it is another user's, or another machine's. To have one "
        "of your own: --port %u",
        STR_ARG(run->client.url), STR_ARG(run->data), run->client.port + 1U);
}

// A pipeline that is there is changed before the push that starts it; a new one comes after, since it starts at once and needs its source.
static bool begin(Run *run, Error *e) {
    Str name = run->application.name;
    bool created = false, there = provision_has_pipeline(&run->client, run->arena, name);
    Str before = execution_newest(&run->client, run->arena, name);
    Vec notes = vec_of(run->arena, Str);
    AUTO_FD lock = -1;
    TRY(check_data(run, e));
    screen_busy(run->screen, "Waiting for another run of this application to begin");
    TRY(revision_lock(run->arena, run->data, name, &lock, e));
    application_doubts(run->arena, &run->application, &notes);
    screen_busy(run->screen, "Making what the application needs");
    TRY(provision_world(&run->client, run->arena, &run->application, run->place, &notes, e));
    for (size_t i = 0; i < notes.len; i++) screen_note(run->screen, vec_get(&notes, Str, i));
    if (there) TRY(provision_pipeline(&run->client, run->arena, &run->application, run->place, &created, e));
    TRY(push(run, e));
    if (!there) TRY(provision_pipeline(&run->client, run->arena, &run->application, run->place, &created, e));
    note_folder(run);
    write_nested(run);
    write_unasked(run);
    write_foreign(run);
    bool started = !there || run->revision.pushed; // by the pipeline's creation, or by the push
    return execution_begin(&run->client, run->arena, name, before, started ? run->revision.commit : STR_NONE, &run->execution, e);
}

static bool prepare(Run *run, Error *e) {
    TRY(client_init(run->arena, run->options->port, &run->client, e));
    if (!run->options->retry) TRY(read_application(run, e)); // a mistake in it needs no plane to be told
    if (run->options->retry) TRY(has_plane(run, e));
    TRY(find_plane(run, e));
    if (run->options->retry) TRY(read_application(run, e));
    run->began_ms = watch_now_ms();
    TRY(provision_place(&run->client, run->arena, &run->place, e));
    if (run->options->retry) {
        TRY(execution_retry(&run->client, run->arena, run->application.name, str_of(run->options->retry), &run->execution, e));
    } else {
        TRY(begin(run, e));
        remember_folder(run);
    }
    write_header(run);
    TRY(watch_open(&run->client, run->arena, run->application.name, run->execution, &run->watch, e));
    run->watch.started_ms = run->began_ms;
    return true;
}

// ---- While it runs ----

static bool ask_to_stop(const Run *run) {
    AUTO_FD terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (terminal < 0) return false;
    char answer = 0;
    file_write_fd(terminal, STR("Stop the pipeline too? [y/N] "), NULL);
    interrupted = 0;
    if (read(terminal, &answer, 1) <= 0) file_write_fd(terminal, STR("\n"), NULL);
    return answer == 'y' || answer == 'Y';
}

// Commands stand on lines of their own, where a narrow terminal does not break them.
static bool interrupt(Run *run, RunEnd *end, Error *e) {
    Str name = run->application.name, option = run->client.option;
    *end = RUN_INTERRUPTED;
    screen_clear(run->screen);
    bool stops = run->look.terminal && ask_to_stop(run);
    if (stops) TRY(execution_stop(&run->client, run->arena, name, run->execution, e));
    screen_note(run->screen,
                stops ? STR("The pipeline is stopped; a build or deployment that is under way goes on to its own end") : STR("The pipeline goes on"));
    screen_note(run->screen, str_format(run->arena, "Where it is: rehearse status%.*s", STR_ARG(option)));
    screen_note(run->screen, str_format(run->arena, "Its log: rehearse logs %.*s%.*s", STR_ARG(name), STR_ARG(option)));
    return true;
}

static bool follow(Run *run, RunEnd *end, Error *e) {
    for (;;) {
        TRY(watch_look(&run->watch, e));
        screen_show(run->screen, &run->watch.view);
        if (watch_is_over(&run->watch)) break;
        if (interrupted) return interrupt(run, end, e);
        poll(NULL, 0, screen_pause_ms(run->screen));
    }
    *end = run->watch.view.state == STATE_SUCCEEDED ? RUN_SUCCEEDED : RUN_FAILED;
    return true;
}

static bool write_report(const Run *run, Error *e) {
    Str again = str_cat(run->arena, run->client.option, run->client.keeps);
    Str folder = run->options->folder ? client_word(run->arena, str_of(run->options->folder)) : STR("");
    if (folder.len) again = str_format(run->arena, " %.*s%.*s", STR_ARG(folder), STR_ARG(again));
    Report report = {&run->watch.view, run->revision.commit, &run->revision.changed, run->revision.first, again};
    AUTO_BUF out;
    buf_init(&out, OUTPUT_BYTES);
    if (run->options->json) {
        report_json(&report, &out);
    } else {
        report_text(&report, &run->look, &out);
    }
    return file_write_fd(STDOUT_FILENO, buf_str(&out), e) || fail_within(e, "the report");
}

static bool perform(Run *run, RunEnd *end, Error *e) {
    TRY(prepare(run, e));
    TRY(follow(run, end, e));
    screen_clear(run->screen);
    if (*end != RUN_INTERRUPTED && (!run->options->quiet || run->options->json || *end == RUN_FAILED)) TRY(write_report(run, e));
    return true;
}

bool run_rehearsal(const RunOptions *options, RunEnd *end, Error *e) {
    AUTO_ARENA arena = arena_new();
    Run run = {.options = options, .arena = arena, .look = look_of(STDOUT_FILENO, options->no_colour)};
    run.screen = screen_new(STDERR_FILENO, look_of(STDERR_FILENO, options->no_colour), options->quiet, options->verbose);
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    bool done = perform(&run, end, e);
    if (!done && e && error_is(e, "interrupted")) *end = RUN_INTERRUPTED, done = true;
    screen_free(run.screen);
    return done;
}
