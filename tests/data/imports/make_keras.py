"""The .keras files here, with their inputs and what Keras gives for them: python3 make_keras.py

Needs Keras 3 (any backend) and NumPy. Weights are random; moving statistics too, so that no norm is
without effect. The tests do not run this: they read what it made."""

import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy
from keras import layers as L

HERE = pathlib.Path(__file__).parent


def residual_unit(x, y, samples, filters, kernel):
    """Ribeiro et al. 2020 (doi 10.1038/s41467-020-15432-4): a shortcut that is pooled and widened."""
    stride = y.shape[1] // samples
    if stride > 1:
        y = L.MaxPooling1D(stride, strides=stride, padding="same")(y)
    if y.shape[2] != filters:
        y = L.Conv1D(filters, 1, padding="same", use_bias=False)(y)
    x = L.Conv1D(filters, kernel, padding="same", use_bias=False)(x)
    x = L.Activation("relu")(L.BatchNormalization(scale=False)(x))
    x = L.Dropout(0.2)(x)
    x = L.Conv1D(filters, kernel, strides=stride, padding="same", use_bias=False)(x)
    x = L.Add()([x, y])
    y = x
    x = L.Dropout(0.2)(L.Activation("relu")(L.BatchNormalization(scale=False)(x)))
    return x, y


def ribeiro():
    """The network of automatic-ecg-diagnosis, a sixteenth as wide and 1024 samples long."""
    signal = L.Input((1024, 12), name="signal")
    x = L.Conv1D(4, 16, padding="same", use_bias=False)(signal)
    x = L.Activation("relu")(L.BatchNormalization()(x))
    y = x
    for samples, filters in ((256, 6), (64, 8), (16, 10), (4, 12)):
        x, y = residual_unit(x, y, samples, filters, 16)
    return keras.Model(signal, L.Dense(6, activation="sigmoid", name="diagnosis")(L.Flatten()(x)))


def excitation(x):
    gate = L.GlobalAveragePooling1D()(x)
    gate = L.Dense(4, activation="swish")(gate)
    gate = L.Dense(x.shape[2], activation="hard_sigmoid")(gate)
    return L.Multiply()([x, L.Reshape((1, x.shape[2]))(gate)])


def every_layer():
    """What published networks have, once each, with a model inside the model."""
    inside = L.Input((100, 8))
    encoder = keras.Model(inside, L.BatchNormalization()(L.Conv1D(6, 3, padding="same")(inside)), name="encoder")
    signal = L.Input((100, 12))
    x = L.Rescaling(0.5, offset=0.1)(signal)
    x = L.Conv1D(8, 3, padding="causal", dilation_rate=2, activation="silu")(x)
    x = excitation(encoder(x))
    x = L.SpatialDropout1D(0.2)(L.GaussianNoise(0.1)(x))
    x = L.SeparableConv1D(8, 5, padding="same", activation="gelu")(x)
    x = L.DepthwiseConv1D(3, depth_multiplier=2, activation="elu")(x)
    x = L.GroupNormalization(4)(x)
    x = L.PReLU(shared_axes=[1], alpha_initializer="random_uniform")(x)
    x = L.Conv1D(8, 4, groups=4, strides=2)(L.ZeroPadding1D((2, 1))(x))
    x = L.LeakyReLU(negative_slope=0.1)(L.GroupNormalization(-1)(x))
    x = L.Cropping1D((1, 2))(x)
    x = keras.Sequential([L.Conv1D(6, 3), L.ReLU(max_value=6.0), L.ELU(0.7)], name="head")(x)
    x = keras.ops.silu(x)
    return keras.Model(signal, L.Dense(3, activation="sigmoid")(L.GlobalMaxPooling1D()(x)))


def recurrent():
    """Recurrent layers in both directions, and an attention over time."""
    signal = L.Input((60, 12))
    x = L.Conv1D(8, 5, strides=2, activation="relu")(signal)
    x = L.Bidirectional(L.LSTM(5, return_sequences=True))(x)
    weights = L.Softmax(axis=1)(L.Dense(1, activation="tanh")(x))
    attended = keras.ops.sum(x * weights, axis=1)
    dotted = L.Flatten()(L.Dot(axes=1)([weights, x]))
    looked = L.GlobalAveragePooling1D()(L.Attention()([x, x]))
    last = L.Bidirectional(L.GRU(4), merge_mode="sum")(x)
    back = L.LSTM(3, go_backwards=True)(x)
    joined = L.Concatenate()([attended, dotted, looked, last, back])
    return keras.Model(signal, L.Dense(4)(joined))


def wrapped():
    """Statistics of the data as a first layer, layers at each time step by themselves."""
    signal = L.Input((50, 12))
    x = L.Normalization(axis=-1)(signal)
    x = L.Conv1D(8, 5, strides=2)(x)
    x = L.TimeDistributed(L.Dense(6, activation="silu"))(x)
    x = L.TimeDistributed(L.LayerNormalization())(x)
    x = L.TimeDistributed(L.Activation("softmax"))(L.TimeDistributed(L.Dropout(0.3))(x))
    x = L.GlobalAveragePooling1D()(L.TimeDistributed(L.Dense(5, use_bias=False))(x))
    return keras.Model(signal, L.Dense(3, activation="sigmoid")(L.Normalization()(x)))


def arithmetic():
    """Sums, differences, products and quotients, with numbers and with one number for each channel."""
    values = numpy.linspace(0.5, 1.5, 8, dtype="float32")
    signal = L.Input((50, 12))
    x, z = L.Conv1D(8, 5, padding="same")(signal), L.Conv1D(8, 3, padding="same")(signal)
    y = (2.0 * x + 1 - values) * values[None, None] / 3.0
    y = 1 - keras.ops.subtract(values, y) / values[None, ::-1]
    y = keras.ops.minimum(keras.ops.maximum(y, -0.5), numpy.float32(0.7))
    y = keras.ops.add(values[:1], -y) - z
    y = L.Subtract()([y, L.Conv1D(8, 1)(z)]) + x * z
    return keras.Model(signal, L.Dense(3, activation="sigmoid")(L.GlobalAveragePooling1D()(y)))


def save(name, model, records=2):
    random = numpy.random.default_rng(len(name))
    for weight in model.weights:
        kind = weight.path.split("/")[-1]
        value = random.normal(0, 0.4 / numpy.sqrt(max(1, numpy.prod(weight.shape[:-1]))) * 2, weight.shape)
        if kind in ("gamma", "moving_variance", "variance"):
            value = random.uniform(0.5, 1.5, weight.shape)
        if kind == "count":
            value = numpy.array(7)
        weight.assign(value.astype(weight.dtype))
    x = random.normal(0, 1, (records, *model.input_shape[1:])).astype("float32")
    model.save(HERE / f"{name}.keras")
    numpy.save(HERE / f"{name}_x.npy", x)
    model = keras.models.load_model(HERE / f"{name}.keras")  # where statistics take their places
    numpy.save(HERE / f"{name}_expected.npy", model.predict(x, verbose=0))


if __name__ == "__main__":
    keras.utils.set_random_seed(1)
    save("ribeiro", ribeiro())
    save("every_layer", every_layer())
    save("recurrent", recurrent())
    save("wrapped", wrapped())
    save("arithmetic", arithmetic())
