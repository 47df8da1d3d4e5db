// Error codes that SQS had in the query protocol (SQS API Reference before 2023, "Errors" of each operation). Its model no longer tells them, but its replies
// still carry them in x-amzn-query-error, and clients go by them.
#include "wire/writer.h"

static const struct {
    const char *name, *code;
} SQS_CODES[] = {
    {"BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"},
    {"BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"},
    {"EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"},
    {"InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"},
    {"KmsAccessDenied", "KMS.AccessDeniedException"},
    {"KmsDisabled", "KMS.DisabledException"},
    {"KmsInvalidKeyUsage", "KMS.InvalidKeyUsageException"},
    {"KmsInvalidState", "KMS.InvalidStateException"},
    {"KmsNotFound", "KMS.NotFoundException"},
    {"KmsOptInRequired", "KMS.OptInRequired"},
    {"KmsThrottled", "KMS.ThrottlingException"},
    {"MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"},
    {"PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress"},
    {"QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"},
    {"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"},
    {"QueueNameExists", "QueueAlreadyExists"},
    {"TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"},
    {"UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"},
};

Str query_code(const WireService *service, Str name, Str code) {
    bool is_sqs = str_is(wire_str(service->name), "sqs");
    for (size_t i = 0; is_sqs && i < sizeof SQS_CODES / sizeof *SQS_CODES; i++) {
        if (str_is(name, SQS_CODES[i].name)) return str_of(SQS_CODES[i].code);
    }
    return code;
}
