/* The kernels' contract: one layer of a recurrent network over a whole sequence, forward and backward, on the CPU.
 *
 * The equations are those of docs/options.md, and src/peephole/nn/{rnn,lstm,gru}.py say them in Python. What a forward
 * pass writes down for the backward pass, the record, is what a person looks at: there is no other pass for that.
 * Knows nothing of Python or torch.
 *
 * Memory    The caller allocates everything, these functions nothing. Every pointer is to the cell's dtype unless its
 *           line says otherwise. Nothing may overlap anything else.
 * Planes    An array (time, batch, unit) is a plane: its units lie side by side, its strides are counted in elements.
 *           A stride of 0 repeats; data == NULL means that there is none.
 * Time      The index is the input's time, in both directions: with `reverse` the step before t is t + 1.
 * Lengths   A ragged batch runs each sequence's own steps: forward from 0, backward from its end. Slots past an end
 *           are neither read nor written: the caller gives zeros. A sequence without a step keeps its initial state.
 * Gates     Stacked in torch's order: LSTM i, f, g, o; GRU r, z, n; a gate without parameters is left out. `rows` is
 *           their number times `hidden`.
 * Threads   Functions may be called from several threads at once. Values do not depend on the number of threads.
 */
#ifndef PEEPHOLE_H
#define PEEPHOLE_H

#include <stdint.h>

#if defined(__GNUC__)
#define PEEPHOLE_API __attribute__((visibility("default")))
#else
#define PEEPHOLE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Raised by one whenever anything below changes; the caller compares it with the one it was written for. */
#define PEEPHOLE_VERSION 3

enum { PEEPHOLE_RNN, PEEPHOLE_LSTM, PEEPHOLE_GRU };
enum { PEEPHOLE_FLOAT32, PEEPHOLE_FLOAT64 };

/* What a run may record, each after its activation. */
enum {
  PEEPHOLE_INPUT_GATE,
  PEEPHOLE_FORGET_GATE,
  PEEPHOLE_CANDIDATE,
  PEEPHOLE_OUTPUT_GATE,
  PEEPHOLE_RESET_GATE,
  PEEPHOLE_UPDATE_GATE,
  PEEPHOLE_CELL_BEFORE_CLIP,
  PEEPHOLE_CELL_BEFORE_ZONEOUT,
  PEEPHOLE_CELL,
  PEEPHOLE_HIDDEN_BEFORE_PROJECTION,
  PEEPHOLE_HIDDEN_BEFORE_CLIP,
  PEEPHOLE_HIDDEN_BEFORE_ZONEOUT,
  PEEPHOLE_HIDDEN,
  PEEPHOLE_QUANTITIES
};

/* Activation functions; src/peephole/nn/activations.py has their formulas, in this order. */
enum {
  PEEPHOLE_SIGMOID,
  PEEPHOLE_TANH,
  PEEPHOLE_RELU,
  PEEPHOLE_IDENTITY,
  PEEPHOLE_HARD_SIGMOID, /* alpha, beta */
  PEEPHOLE_HARD_SIGMOID_6,
  PEEPHOLE_HARD_TANH,
  PEEPHOLE_SOFTSIGN,
  PEEPHOLE_SOFTPLUS,
  PEEPHOLE_LEAKY_RELU,       /* alpha */
  PEEPHOLE_THRESHOLDED_RELU, /* alpha */
  PEEPHOLE_ELU,              /* alpha */
  PEEPHOLE_SELU,
  PEEPHOLE_GELU,
  PEEPHOLE_SILU,
  PEEPHOLE_SCALED_TANH, /* alpha, beta */
  PEEPHOLE_AFFINE,      /* alpha, beta */
  PEEPHOLE_ACTIVATIONS
};

typedef struct peephole_activation {
  int64_t kind;
  double alpha, beta;
} peephole_activation;

/* The equations of a layer in one direction. */
typedef struct peephole_cell {
  int64_t kind;                  /* PEEPHOLE_RNN, … */
  int64_t dtype;                 /* of everything that is calculated and kept */
  int64_t bfloat16;              /* 1: packed matrices are rounded to bfloat16; float32, and forward, alone */
  int64_t input, hidden, output; /* features; output is hidden, or less with a projection */
  int64_t input_gate, forget_gate, output_gate; /* LSTM: 0 leaves the gate out */
  int64_t coupled;                              /* LSTM: f = 1 − i, and forget_gate is not looked at */
  int64_t peephole;                             /* LSTM: diagonal peepholes */
  int64_t reset_after;                          /* GRU: the reset gate acts after the product with R */
  int64_t layer_norm;
  peephole_activation gate_activation, input_activation, output_activation; /* an RNN's own is input_activation */
  double gate_clip, cell_clip, proj_clip;                                   /* infinity: none */
} peephole_cell;

/* As torch lays them out, contiguous; NULL where the cell has none. */
typedef struct peephole_weights {
  const void *ih;              /* (rows, input); not read with layer_norm */
  const void *hh;              /* (rows, output) */
  const void *bias_ih;         /* (rows,); NULL also where `sums` has it already */
  const void *bias_hh;         /* (rows,); likewise */
  const void *hr;              /* (output, hidden), the projection */
  const void *peephole;        /* one (hidden,) for each gate that has parameters, in the order i, f, o */
  const void *norm, *norm_bias;           /* (rows,): of R h; an RNN's of the whole sum */
  const void *norm_cell, *norm_cell_bias; /* (hidden,) */
} peephole_weights;

typedef struct peephole_plane {
  void *data;
  int64_t time, batch; /* strides */
} peephole_plane;

/* Holds a quantity at a value. */
typedef struct peephole_clamp {
  int64_t quantity;
  int64_t unit;         /* −1: all */
  const void *values;   /* one, or with `each` one a sequence, NaN where that sequence is left alone */
  int64_t each;
  const uint8_t *steps; /* (time,), 1 where it is held; NULL: everywhere */
} peephole_clamp;

/* One layer in one direction over one batch. */
typedef struct peephole_lane {
  const peephole_cell *cell;
  const peephole_weights *weights;
  const void *packed; /* by peephole_pack, for forward */
  int64_t time, batch, reverse;
  const int64_t *lengths; /* (batch,), each 0 … time; NULL: all are `time` */
  peephole_plane x;       /* (time, batch, input); with layer_norm not read: */
  peephole_plane sums;    /* (time, batch, rows), with layer_norm: what does not depend on the state: LSTM
                             LN(W x) + b_ih + b_hh, GRU LN(W x) + b_ih, RNN W x */
  const void *initial[2]; /* h (batch, output) and an LSTM's c (batch, hidden), contiguous */
  void *final[2];         /* the same after the last step */
  /* Masks, as in src/peephole/nn/masks.py. */
  peephole_plane candidate_mask;      /* (time, batch, hidden) */
  peephole_plane cell_zoneout_mask;   /* (time, batch, hidden) */
  peephole_plane hidden_zoneout_mask; /* (time, batch, output) */
  peephole_plane hidden_mask;         /* (time = 1, batch, output): on h where it enters R */
  const peephole_clamp *clamps;
  int64_t clamp_count;
  /* Written. PEEPHOLE_HIDDEN must be there: it is the output. For a backward pass also every other quantity that the
   * cell has, and what the lines below say; without one each may be missing. */
  peephole_plane record[PEEPHOLE_QUANTITIES];
  peephole_plane before_activation; /* (time, batch, rows), where peephole_keeps_before_activation: the sums */
  peephole_plane product;           /* (time, batch, rows), with layer_norm: R h; an RNN's W x + R h */
  peephole_plane candidate_product; /* (time, batch, hidden), a GRU with reset_after: R_n h + b_hn (normalised) */
} peephole_lane;

/* The gradients of one lane. */
typedef struct peephole_gradient {
  const peephole_lane *lane; /* as it was given to forward, with its record; packed, sums and final are not read */
  const void *packed;        /* by peephole_pack, for backward; where x is wanted, with it */
  /* Read; NULL for none. */
  peephole_plane record[PEEPHOLE_QUANTITIES]; /* of the loss with respect to each recorded quantity */
  const void *final[2];                       /* … and to the final states */
  /* Written. These five are what goes back through the steps; where the cell has them they must be there. */
  peephole_plane sums;              /* (time, batch, rows): of the sums before their activation (and the clip) */
  peephole_plane candidate_product; /* (time, batch, hidden), a GRU with reset_after: of R_n h + b_hn */
  peephole_plane product;           /* (time, batch, rows), with layer_norm: of R h (RNN: of W x + R h) */
  peephole_plane projected;         /* (time, batch, output), with a projection: of its result before any clip */
  peephole_plane normalised_cell;   /* (time, batch, hidden), an LSTM with layer_norm: of LN(c) */
  void *initial[2];                 /* (batch, output), (batch, hidden) */
  /* And these are made of them, with every number a sum in the order of time and batch. NULL: not wanted. */
  peephole_plane x;                 /* (time, batch, input); with layer_norm never */
  void *ih, *hh, *hr;               /* like the weights; with layer_norm ih never */
  void *bias;                       /* (rows,), the sum of `sums` over time and batch */
  void *candidate_bias;             /* (hidden,), of candidate_product, likewise */
  void *peephole;                   /* like the weight */
} peephole_gradient;

/* What was compiled in and runs on this machine, best first: "avx512", "avx2", "neon", "portable"; NULL past the end. */
PEEPHOLE_API const char *peephole_instruction_set(int64_t number);
/* Uses the set of that name from now on, in every thread; returns 0 where it is not there. */
PEEPHOLE_API int64_t peephole_use(const char *name);
/* The set in use. */
PEEPHOLE_API const char *peephole_in_use(void);
PEEPHOLE_API int64_t peephole_version(void);

/* The threads that calls run on: without this a pool of the library's own. Given the functions GOMP_parallel,
 * omp_get_thread_num, omp_in_parallel, omp_get_dynamic and omp_get_thread_limit of an OpenMP that the process has, they
 * are that OpenMP's, which are awake where other work has just used them. To be called before the first call of a
 * pass, or between them. In a child of a fork it is the own pool again. */
PEEPHOLE_API void peephole_use_openmp(void *parallel, void *thread_number, void *in_parallel, void *dynamic,
                                      void *thread_limit);

/* Says of new memory that all of it will be written: where the system has large pages it may use them. A record of tens
 * of megabytes otherwise costs a fault for every 4 KiB. */
PEEPHOLE_API void peephole_expect(void *memory, int64_t bytes);

/* Whether the backward pass needs `before_activation`: clips, and functions whose slope is not told by their value. */
PEEPHOLE_API int64_t peephole_keeps_before_activation(const peephole_cell *cell);

/* What matrices are packed for. */
enum { PEEPHOLE_FORWARD, PEEPHOLE_BACKWARD, PEEPHOLE_BACKWARD_TO_INPUT };

/* Packs the matrices in the order in which the kernels read them. `packed` has peephole_packed_size bytes and begins at
 * a multiple of 64; packing for another instruction set in use, dtype or size is another. */
PEEPHOLE_API int64_t peephole_packed_size(const peephole_cell *cell, int64_t purpose);
PEEPHOLE_API void peephole_pack(const peephole_cell *cell, const peephole_weights *weights, int64_t purpose,
                                void *packed);

/* Runs one lane or the two of a bidirectional layer, which share sizes, by at most `threads` threads. `workspace` has
 * the bytes that the function before it says and begins at a multiple of 64; its contents do not matter. */
PEEPHOLE_API int64_t peephole_forward_workspace(const peephole_lane *lanes, int64_t count, int64_t threads);
PEEPHOLE_API void peephole_forward(const peephole_lane *lanes, int64_t count, int64_t threads, void *workspace);
PEEPHOLE_API int64_t peephole_backward_workspace(const peephole_gradient *lanes, int64_t count, int64_t threads);
PEEPHOLE_API void peephole_backward(const peephole_gradient *lanes, int64_t count, int64_t threads, void *workspace);

/* An activation, y = f(x), and its slope from both: n numbers of a dtype. For tests. */
PEEPHOLE_API void peephole_activate(int64_t dtype, const peephole_activation *activation, int64_t n, const void *x,
                                    void *y, void *slope);

#ifdef __cplusplus
}
#endif

#endif
