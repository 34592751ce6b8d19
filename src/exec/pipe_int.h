/* pipe_int.h - the state of a query instance. */
#ifndef RTQ__PIPE_INT_H
#define RTQ__PIPE_INT_H
#include "exec/op.h"

/* Rows that wait for a subquery or for the other input of a join. */
typedef struct rtq__gate {
    rtq__rows *rows; /* columns of the input, then now() of each row; NULL: none waits */
    uint32_t given;  /* rows that went on */
    bool ended;      /* the input has ended, which waits too */
    bool told;       /* … and the operator knows */
    bool left_out;   /* its rows come when the tables are read again */
} rtq__gate;

typedef struct rtq__station {
    rtq__op *op;
    rtq__gate *gates; /* by input */
    uint32_t open_inputs;
    bool closed;  /* gives no more rows and takes none */
    bool started; /* leaves: its rows are out; else irrelevant */
} rtq__station;

enum { RTQ__F_PUSH, RTQ__F_FINISH, RTQ__F_ADVANCE, RTQ__F_START, RTQ__F_END /* of a leaf */ };
typedef struct rtq__frame {
    uint32_t node, input, edge;
    uint8_t what, stage, status;
    bool again; /* resume, not the first call */
    rtq__batch *in, *out;
    rtq__arena_mark base, mark;
} rtq__frame;

struct rtq__pipe {
    rtq__flow flow;
    rtq__station *stations; /* by node */
    rtq__frame *frames;
    uint32_t depth, cap_frames;
    uint32_t waiting;     /* inputs with something in their gate */
    uint32_t unstarted;   /* leaves that wait for a subquery */
    bool *finished;       /* by table of the plan */
    bool *reading;        /* by node: open in this reading; NULL: the first */
    uint64_t max_waiting; /* bytes of a gate whose rows can be had again; 0: they cannot */
    int64_t watermark;
    rtq_diag *diag; /* during start */
    int error;
    char *block; /* all operator structs */
    bool body;   /* inside an APPLY: slots and statistics are the outer pipe's */
    rtq__flow *outer;
};

/* pipe_drive.c */
int rtq__pipe_enter(rtq__pipe *pipe, uint32_t node, uint8_t what, uint32_t input,
                    rtq__batch *batch); /* one more frame */
int rtq__pipe_drive(rtq__pipe *pipe);   /* until nothing is left to do */

/* pipe_gate.c */
bool rtq__gate_open(const rtq__pipe *pipe, const rtq__node *node, uint32_t input);
int rtq__gate_store(rtq__pipe *pipe, const rtq__node *node, uint32_t input, rtq__batch *batch);
int rtq__gate_make(rtq__pipe *pipe, rtq__gate *gate, const rtq__node *from); /* an empty store for its rows */
void rtq__gate_end(rtq__pipe *pipe, const rtq__node *node, uint32_t input);
int rtq__gate_release(rtq__pipe *pipe, bool *progress); /* lets one batch or end through */
bool rtq__gate_held(const rtq__pipe *pipe, const rtq__node *node);
void rtq__gate_free(rtq__pipe *pipe);

/* pipe_again.c */
/* After rows were stored, with what that returned: true: they are too many, and are left out until the tables are read again. */
bool rtq__gate_leave_out(rtq__pipe *pipe, const rtq__node *node, uint32_t input, int rc);
void rtq__gate_give_up(rtq__pipe *pipe); /* inputs that were left out end here */

#endif
