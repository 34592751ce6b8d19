/* evtx_cols.c - the columns of an event log, where they are in an event, and wants as the decoder sees them. */
#include "sources/evtx/evtx.h"

const evtx_field rtq__evtx_fields[EVTX_F_HEADER] = {
    [EVTX_F_TIME] = {"TimeCreated", "SystemTime"},
    [EVTX_F_PROVIDER] = {"Provider", "Name"},
    [EVTX_F_EVENTID] = {"EventID", NULL},
    [EVTX_F_LEVEL] = {"Level", NULL},
    [EVTX_F_CHANNEL] = {"Channel", NULL},
    [EVTX_F_COMPUTER] = {"Computer", NULL},
    [EVTX_F_RECORDID] = {"EventRecordID", NULL},
    [EVTX_F_TASK] = {"Task", NULL},
    [EVTX_F_OPCODE] = {"Opcode", NULL},
    [EVTX_F_KEYWORDS] = {"Keywords", NULL},
    [EVTX_F_VERSION] = {"Version", NULL},
    [EVTX_F_QUALIFIERS] = {"EventID", "Qualifiers"},
    [EVTX_F_PID] = {"Execution", "ProcessID"},
    [EVTX_F_TID] = {"Execution", "ThreadID"},
    [EVTX_F_USER] = {"Security", "UserID"},
    [EVTX_F_ACTIVITY] = {"Correlation", "ActivityID"},
    [EVTX_F_RELATED] = {"Correlation", "RelatedActivityID"},
    [EVTX_F_GUID] = {"Provider", "Guid"},
    [EVTX_F_SOURCE] = {"Provider", "EventSourceName"},
    [EVTX_F_PROCESSOR] = {"Execution", "ProcessorID"},
    [EVTX_F_SESSION] = {"Execution", "SessionID"},
    [EVTX_F_KERNELTIME] = {"Execution", "KernelTime"},
    [EVTX_F_USERTIME] = {"Execution", "UserTime"},
    [EVTX_F_EVENTDATA] = {"EventData", NULL},
    [EVTX_F_USERDATA] = {"UserData", NULL},
    [EVTX_F_RENDERING] = {"RenderingInfo", NULL},
    [EVTX_F_ERRORDATA] = {"ProcessingErrorData", NULL},
    [EVTX_F_DEBUG] = {"DebugData", NULL},
    [EVTX_F_BINARY] = {"BinaryEventData", NULL},
};

/* clang-format off */
/* Names of the columns, then other spellings (RealTimeKql, .NET's EventLogRecord, Sentinel), then what few logs have. */
#define COLUMNS(X)                                                                                                                       \
    X("TimeCreated", NULL, RTQ_DATETIME, RTQ__COL_TIME, EVTX_F_TIME)                                                                     \
    X("Provider", NULL, RTQ_STRING, 0, EVTX_F_PROVIDER)                                                                                  \
    X("EventID", NULL, RTQ_INT, 0, EVTX_F_EVENTID)                                                                                       \
    X("Level", NULL, RTQ_INT, 0, EVTX_F_LEVEL)                                                                                           \
    X("Channel", NULL, RTQ_STRING, 0, EVTX_F_CHANNEL)                                                                                    \
    X("Computer", NULL, RTQ_STRING, 0, EVTX_F_COMPUTER)                                                                                  \
    X("EventRecordID", NULL, RTQ_LONG, 0, EVTX_F_RECORDID)                                                                               \
    X("Task", NULL, RTQ_INT, 0, EVTX_F_TASK)                                                                                             \
    X("Opcode", NULL, RTQ_INT, 0, EVTX_F_OPCODE)                                                                                         \
    X("Keywords", NULL, RTQ_LONG, 0, EVTX_F_KEYWORDS)                                                                                    \
    X("Version", NULL, RTQ_INT, 0, EVTX_F_VERSION)                                                                                       \
    X("Qualifiers", NULL, RTQ_INT, 0, EVTX_F_QUALIFIERS)                                                                                 \
    X("ProcessID", NULL, RTQ_LONG, 0, EVTX_F_PID)                                                                                        \
    X("ThreadID", NULL, RTQ_LONG, 0, EVTX_F_TID)                                                                                         \
    X("UserID", NULL, RTQ_STRING, 0, EVTX_F_USER)                                                                                        \
    X("ActivityID", NULL, RTQ_GUID, 0, EVTX_F_ACTIVITY)                                                                                  \
    X("RelatedActivityID", NULL, RTQ_GUID, 0, EVTX_F_RELATED)                                                                            \
    X("ProviderGuid", NULL, RTQ_GUID, 0, EVTX_F_GUID)                                                                                    \
    X("EventSourceName", NULL, RTQ_STRING, 0, EVTX_F_SOURCE)                                                                             \
    X("EventData", NULL, RTQ_DYNAMIC, RTQ__COL_BAG, EVTX_F_EVENTDATA)                                                                    \
    X("UserData", NULL, RTQ_DYNAMIC, RTQ__COL_BAG, EVTX_F_USERDATA)                                                                      \
    X("EventId", "EventID", RTQ_INT, RTQ__COL_ALIAS, EVTX_F_EVENTID)                                                                     \
    X("Id", "EventID", RTQ_INT, RTQ__COL_ALIAS, EVTX_F_EVENTID)                                                                          \
    X("ProviderName", "Provider", RTQ_STRING, RTQ__COL_ALIAS, EVTX_F_PROVIDER)                                                           \
    X("ProviderId", "ProviderGuid", RTQ_GUID, RTQ__COL_ALIAS, EVTX_F_GUID)                                                               \
    X("MachineName", "Computer", RTQ_STRING, RTQ__COL_ALIAS, EVTX_F_COMPUTER)                                                            \
    X("LogName", "Channel", RTQ_STRING, RTQ__COL_ALIAS, EVTX_F_CHANNEL)                                                                  \
    X("EventRecordId", "EventRecordID", RTQ_LONG, RTQ__COL_ALIAS, EVTX_F_RECORDID)                                                       \
    X("RecordId", "EventRecordID", RTQ_LONG, RTQ__COL_ALIAS, EVTX_F_RECORDID)                                                            \
    X("ProcessId", "ProcessID", RTQ_LONG, RTQ__COL_ALIAS, EVTX_F_PID)                                                                    \
    X("ThreadId", "ThreadID", RTQ_LONG, RTQ__COL_ALIAS, EVTX_F_TID)                                                                      \
    X("UserId", "UserID", RTQ_STRING, RTQ__COL_ALIAS, EVTX_F_USER)                                                                       \
    X("ActivityId", "ActivityID", RTQ_GUID, RTQ__COL_ALIAS, EVTX_F_ACTIVITY)                                                             \
    X("RelatedActivityId", "RelatedActivityID", RTQ_GUID, RTQ__COL_ALIAS, EVTX_F_RELATED)                                                \
    X("ProcessorID", NULL, RTQ_LONG, RTQ__COL_ALIAS, EVTX_F_PROCESSOR)                                                                   \
    X("SessionID", NULL, RTQ_LONG, RTQ__COL_ALIAS, EVTX_F_SESSION)                                                                       \
    X("KernelTime", NULL, RTQ_LONG, RTQ__COL_ALIAS, EVTX_F_KERNELTIME)                                                                   \
    X("UserTime", NULL, RTQ_LONG, RTQ__COL_ALIAS, EVTX_F_USERTIME)                                                                       \
    X("RenderingInfo", NULL, RTQ_DYNAMIC, RTQ__COL_BAG | RTQ__COL_ALIAS, EVTX_F_RENDERING)                                               \
    X("ProcessingErrorData", NULL, RTQ_DYNAMIC, RTQ__COL_BAG | RTQ__COL_ALIAS, EVTX_F_ERRORDATA)                                         \
    X("DebugData", NULL, RTQ_DYNAMIC, RTQ__COL_BAG | RTQ__COL_ALIAS, EVTX_F_DEBUG)                                                       \
    X("BinaryEventData", NULL, RTQ_DYNAMIC, RTQ__COL_BAG | RTQ__COL_ALIAS, EVTX_F_BINARY)                                                \
    X("HeaderRecordID", NULL, RTQ_LONG, RTQ__COL_ALIAS, EVTX_F_HEADER_ID)                                                                \
    X("HeaderTime", NULL, RTQ_DATETIME, RTQ__COL_ALIAS, EVTX_F_HEADER_TIME)                                                              \
    X("ContainerLog", NULL, RTQ_STRING, RTQ__COL_ALIAS, EVTX_F_FILE)
/* clang-format on */

#define AS_COL(name, path, kind, flags, field) {name, path, kind, flags},
#define AS_FIELD(name, path, kind, flags, field) field,
const rtq__table_col rtq__evtx_cols[] = {COLUMNS(AS_COL)};
static const uint8_t col_fields[] = {COLUMNS(AS_FIELD)};

uint32_t rtq__evtx_n_cols(void)
{
    return (uint32_t)sizeof col_fields;
}

void rtq__evtx_want(evtx_want *out, const rtq__want *want)
{
    memset(out, 0, sizeof *out);
    out->kind = want->kind;
    if (want->table_col < 0 || (uint32_t)want->table_col >= rtq__evtx_n_cols())
        return;
    out->field = col_fields[want->table_col];
    out->time = out->field == EVTX_F_TIME;
    if (want->n_segs > 1) {
        out->path = want->segs + 1;
        out->n_path = want->n_segs - 1;
        if (out->field < EVTX_F_EVENTDATA || out->field >= EVTX_F_HEADER)
            out->field = EVTX_F_NONE; /* scalars have no members */
    }
}
