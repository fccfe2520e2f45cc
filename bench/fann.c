/* Trains networks one after the other with FANN: RPROP, full batch, from given weights.
 *
 * shape: the widths of all layers, inputs first. weights: (networks, K), for each layer its units in order, each with
 * the weights of its inputs and then its bias: FANN's own order. x: (samples, inputs), y: (samples, outputs).
 * hidden, output: FANN's numbers of the activations, steepness theirs. answers: (networks, samples, outputs).
 * Returns 0, or 1 where FANN could not make a network.
 */
#ifdef DOUBLE
#include <doublefann.h>
#else
#include <floatfann.h>
#endif
#include <string.h>

static struct fann_train_data *samples_of(unsigned n, unsigned in, unsigned out, const fann_type *x, const fann_type *y)
{
    struct fann_train_data *data = fann_create_train(n, in, out);
    for (unsigned i = 0; data != NULL && i < n; i++) {
        memcpy(data->input[i], x + i * in, in * sizeof(fann_type));
        memcpy(data->output[i], y + i * out, out * sizeof(fann_type));
    }
    return data;
}

static struct fann *network(unsigned layers, const unsigned *shape, int hidden, int output, const double *steepness)
{
    struct fann *ann = fann_create_standard_array(layers, shape);
    if (ann == NULL)
        return NULL;
    fann_set_activation_function_hidden(ann, hidden);
    fann_set_activation_function_output(ann, output);
    fann_set_activation_steepness_hidden(ann, steepness[0]);
    fann_set_activation_steepness_output(ann, steepness[1]);
    fann_set_training_algorithm(ann, FANN_TRAIN_RPROP);
    fann_set_train_error_function(ann, FANN_ERRORFUNC_LINEAR);
    return ann;
}

int train(unsigned layers, const unsigned *shape, int hidden, int output, const double *steepness, unsigned networks,
          unsigned samples, unsigned epochs, const fann_type *weights, const fann_type *x, const fann_type *y,
          fann_type *answers)
{
    unsigned in = shape[0], out = shape[layers - 1];
    struct fann_train_data *data = samples_of(samples, in, out, x, y);
    if (data == NULL)
        return 1;
    for (unsigned s = 0; s < networks; s++) {
        struct fann *ann = network(layers, shape, hidden, output, steepness);
        if (ann == NULL)
            return 1;
        unsigned count = fann_get_total_connections(ann);
        memcpy(ann->weights, weights + (size_t)s * count, count * sizeof(fann_type));
        for (unsigned epoch = 0; epoch < epochs; epoch++)
            fann_train_epoch(ann, data);
        for (unsigned i = 0; i < samples; i++)
            memcpy(answers + ((size_t)s * samples + i) * out, fann_run(ann, data->input[i]), out * sizeof(fann_type));
        fann_destroy(ann);
    }
    fann_destroy_train(data);
    return 0;
}
