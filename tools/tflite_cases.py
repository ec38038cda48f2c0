#!/usr/bin/env python3
"""Writes the cases of cnn-import/tests/tflite: small files of TFLite, an input, and the output that is expected.

Operators are TensorFlow's functions, a few a case, and nets are those of Keras, all with random weights. Outputs are those of TFLite's
interpreter with its own kernels, for which maps are rows, columns and channels; here they are channels first, as imported nets
have them. The files in `refused` are those that can't be declared. Needs tensorflow and keras.
"""

import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
from keras import layers

FOLDER = Path(__file__).resolve().parent.parent / "cnn-import" / "tests" / "tflite"
RANDOM = np.random.default_rng(23)
CASES, NETS = {}, {}


def floats(*shape, low=-1.0, high=1.0):
    # Few digits, so that files are short; exact in half precision.
    return (np.round(RANDOM.uniform(low, high, shape) * 64) / 64).astype(np.float32)


def case(*shapes):
    """A function of inputs with these shapes; a batch of None is an open one."""

    def add(function):
        CASES[function.__name__] = (function, shapes)
        return function

    return add


def net(function):
    NETS[function.__name__] = function
    return function


@case((1, 9, 12, 3))
def conv_same_with_steps(x):
    x = tf.nn.relu6(tf.nn.conv2d(x, floats(3, 3, 3, 6), 2, "SAME") + floats(6))
    return tf.nn.relu(tf.nn.conv2d(x, floats(2, 5, 6, 4), [3, 1], "SAME"))


@case((1, 10, 7, 2))
def conv_valid(x):
    return tf.nn.conv2d(x, floats(3, 2, 2, 5), [2, 3], "VALID") + floats(5)


@case((1, 11, 9, 2))
def conv_dilated(x):
    x = tf.clip_by_value(tf.nn.conv2d(x, floats(3, 3, 2, 4), 1, "SAME", dilations=2), -1, 1)
    return tf.nn.conv2d(x, floats(2, 3, 4, 3), 1, "VALID", dilations=[3, 2])


@case((1, 8, 7, 6))
def conv_in_groups(x):
    return tf.nn.conv2d(x, floats(3, 3, 2, 9), 1, "SAME") + floats(9)


@case((1, 9, 10, 3))
def depthwise_with_a_multiplier(x):
    x = tf.nn.depthwise_conv2d(x, floats(3, 3, 3, 2), [1, 2, 2, 1], "SAME") + floats(6)
    return tf.nn.depthwise_conv2d(tf.nn.relu(x), floats(2, 3, 6, 1), [1, 1, 1, 1], "VALID")


@case((1, 9, 11, 2))
def depthwise_dilated(x):
    return tf.nn.relu6(tf.nn.depthwise_conv2d(x, floats(3, 3, 2, 3), [1, 1, 1, 1], "SAME", dilations=[2, 2]))


@case((None, 9, 10, 2))
def conv_between_batches(x):
    # Windows padded on their own, a bias and a limit before the end, more added than cropped.
    y = tf.nn.conv2d(tf.space_to_batch(x, [2, 3], [[2, 1], [0, 5]]), floats(2, 3, 2, 4), 1, "SAME")
    y = tf.batch_to_space(tf.nn.relu6(tf.tanh(y) * floats(4) + floats(4)), [2, 3], [[1, 0], [0, 4]])
    z = tf.nn.depthwise_conv2d(tf.space_to_batch(y, [3, 1], [[0, 1], [1, 1]]), floats(2, 3, 4, 2), [1] * 4, "VALID")
    return tf.batch_to_space(z, [3, 1], [[0, 0], [0, 0]])


@case((1, 4, 5, 3))
def conv_transpose_same(x):
    x = tf.nn.conv2d_transpose(x, floats(3, 3, 2, 3), [1, 8, 9, 2], 2, "SAME") + floats(2)
    return tf.nn.relu(tf.nn.conv2d_transpose(x, floats(2, 4, 3, 2), [1, 23, 9, 3], [3, 1], "SAME"))


@case((1, 4, 5, 3))
def conv_transpose_valid(x):
    return tf.nn.conv2d_transpose(x, floats(3, 2, 2, 3), [1, 10, 10, 2], 2, "VALID")


@case((1, 3, 4, 2))
def conv_transpose_with_gaps(x):
    return tf.nn.conv2d_transpose(x, floats(2, 1, 3, 2), [1, 9, 8, 3], [3, 2], "SAME")


@case((1, 5, 4, 3))
def fully_connected_of_maps(x):
    x = tf.nn.relu(tf.matmul(tf.reshape(x, [1, 60]), floats(60, 7)) + floats(7))
    return tf.matmul(x, floats(7, 4))


@case((1, 5, 4, 3))
def fully_connected_of_pixels(x):
    return tf.nn.relu(tf.tensordot(x, floats(3, 5), 1) + floats(5))


@case((1, 9, 8, 2))
def pools_same(x):
    return tf.nn.max_pool2d(x, 3, 2, "SAME"), tf.nn.avg_pool2d(x, [3, 2], [2, 2], "SAME")


@case((1, 9, 8, 2))
def pools_valid(x):
    return tf.nn.avg_pool2d(tf.nn.max_pool2d(x, [2, 3], [2, 1], "VALID"), 2, 1, "VALID")


@case((1, 6, 5, 3), (1, 6, 5, 3))
def sums_and_products(x, y):
    return tf.maximum(tf.nn.relu(x + y), tf.nn.relu6(x - y) * y)


@case((1, 6, 5, 3))
def constants_of_channels(x):
    x = (tf.nn.relu(x * floats(3)) - floats(3)) * 0.5 + floats(1, 1, 1, 3)
    return tf.maximum(2.0 - x, 0.25)


@case((1, 6, 5, 4))
def limits_and_quotients(x):
    return tf.minimum(tf.nn.conv2d(x / 4.0, floats(1, 1, 4, 3), 1, "SAME"), 0.125)


@case((1, 6, 5, 4))
def excitation(x):
    y = tf.reduce_mean(x, [1, 2])
    y = tf.sigmoid(tf.matmul(tf.nn.relu(tf.matmul(y, floats(4, 2)) + floats(2)), floats(2, 4)))
    return x * tf.reshape(y, [1, 1, 1, 4])


@case((1, 6, 5, 4))
def attention_over_space(x):
    y = tf.concat([tf.reduce_mean(x, 3, keepdims=True), tf.reduce_max(x, 3, keepdims=True)], 3)
    return x * tf.sigmoid(tf.nn.conv2d(y, floats(3, 3, 2, 1), 1, "SAME"))


@case((1, 4, 6, 3))
def reductions(x):
    a, b = tf.reduce_sum(x, [1, 2], keepdims=True), tf.reduce_max(x, [1, 2], keepdims=True)
    return tf.squeeze(tf.concat([a, b, tf.reduce_mean(x, [1, 2], keepdims=True)], -1), [1, 2])


@case((1, 4, 6, 3))
def reductions_of_rows_and_channels(x):
    return tf.reduce_mean(x, 1, keepdims=True), tf.reduce_sum(x, [2], keepdims=True), tf.reduce_sum(x, 3, keepdims=True)


@case((1, 5, 6, 8))
def channel_shuffle(x):
    x = tf.transpose(tf.reshape(x, [1, 5, 6, 2, 4]), [0, 1, 2, 4, 3])
    return tf.nn.conv2d(tf.reshape(x, [1, 5, 6, 8]), floats(1, 1, 8, 3), 1, "SAME")


@case((1, 12, 3))
def sequence(x):
    x = tf.nn.relu(tf.nn.conv1d(x, floats(3, 3, 5), 1, "SAME") + floats(5))
    return tf.nn.conv1d(x, floats(4, 5, 2), 3, "VALID")


@case((1, 7, 6, 2))
def pads(x):
    x = tf.nn.conv2d(tf.pad(x, [[0, 0], [1, 2], [0, 1], [0, 0]]), floats(3, 3, 2, 3), 2, "VALID")
    return tf.pad(tf.pad(x, [[0, 0], [1, 0], [2, 1], [0, 0]], constant_values=0.5), [[0, 0], [1, 2], [2, 1], [0, 0]], "REFLECT")


@case((1, 5, 4, 2))
def mirror_of_one_row(x):
    return tf.nn.avg_pool2d(tf.pad(x, [[0, 0], [1, 1], [0, 1], [0, 0]], "SYMMETRIC"), 2, 1, "VALID")


@case((1, 5, 4, 3))
def activations(x):
    x = tf.nn.leaky_relu(x, 0.125) + tf.nn.elu(x * 2.0) + tf.sigmoid(x) + tf.tanh(x)
    return tf.nn.gelu(x, approximate=True) + x * tf.nn.relu6(x + 3) * (1 / 6)


@case((1, 5, 4, 3))
def softmax_of_channels(x):
    return tf.nn.softmax(x * 3.0), tf.nn.log_softmax(x)


@case((1, 5, 4, 3))
def resizes(x):
    x = tf.compat.v1.image.resize_bilinear(x, [10, 9], half_pixel_centers=True)
    x = tf.compat.v1.image.resize_bilinear(x, [13, 7], align_corners=True)
    return tf.compat.v1.image.resize_nearest_neighbor(x, [26, 14])


@case((1, 3, 4, 2))
def resizes_to_the_nearest(x):
    x = tf.compat.v1.image.resize_nearest_neighbor(x, [9, 8], half_pixel_centers=True)
    return tf.compat.v1.image.resize_nearest_neighbor(x, [13, 11])


@case((1, 6, 7, 6))
def parts(x):
    a, b = tf.split(x, 2, 3)
    c, d = tf.split(x, [2, 4], 3)
    e = tf.slice(x, [0, 1, 2, 1], [1, 3, -1, 3])
    return tf.concat([b, c, a, d], 3), e, x[:, 1:-1, 2:, :4]


@case((1, 6, 7, 4))
def rows_and_channels(x):
    a, b, c, d = tf.unstack(x, axis=3)
    row = tf.gather(x, [2], axis=1)
    return tf.stack([d, b], 3), row * x[:, 3:4], x[..., 1:3]


@case((1, 4, 6, 8))
def depth_and_space(x):
    return tf.nn.conv2d(tf.nn.depth_to_space(x, 2), floats(1, 1, 2, 3), 1, "SAME"), tf.nn.space_to_depth(x, 2)


@case((1, 4, 6, 5))
def normalised_by_length(x):
    return tf.math.l2_normalize(x, 3)


@case((1, 4, 6, 7))
def local_response(x):
    return tf.nn.local_response_normalization(x, 2, bias=1.5, alpha=0.25, beta=0.75)


@case((1, 3, 8, 9))
def input_with_channels_first(x):
    x = tf.nn.conv2d(tf.transpose(x, [0, 2, 3, 1]), floats(3, 3, 3, 4), 2, "SAME")
    return tf.transpose(tf.nn.relu(x), [0, 3, 1, 2])


@case((None, 6, 5, 2))
def open_batch(x):
    size = tf.shape(x)
    y = tf.compat.v1.image.resize_nearest_neighbor(x, [size[1] * 2, size[2] * 2])
    y = tf.reshape(y, tf.stack([size[0], 12 * 10 * 2]))
    return tf.matmul(y, floats(240, 3))


@case((3, 5, 4, 2))
def batch(x):
    x = tf.nn.conv2d(x, floats(2, 2, 2, 6), 1, "VALID")
    x = tf.reshape(tf.nn.relu(tf.matmul(tf.reshape(x, [36, 6]), floats(6, 4)) + floats(4)), [3, 4, 3, 4])
    return tf.matmul(tf.reshape(x, [3, 48]), floats(48, 5))


@case((1, 24))
def vectors(x):
    x = tf.nn.relu(tf.matmul(x, floats(24, 12)) + floats(12))
    return tf.nn.softmax(tf.matmul(x * floats(12), floats(12, 4)))


@net
def mobile():
    x = image = keras.Input((20, 24, 3), name="image")
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="stem")(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    for block in range(2):
        y = layers.Conv2D(16, 1, use_bias=False, name=f"block{block}_expand")(x)
        y = layers.ReLU(6.0)(layers.BatchNormalization(name=f"block{block}_expand_bn")(y))
        y = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name=f"block{block}_depthwise")(y)
        y = layers.ReLU(6.0)(layers.BatchNormalization(name=f"block{block}_depthwise_bn")(y))
        y = layers.Conv2D(8, 1, use_bias=False, name=f"block{block}_project")(y)
        x = layers.Add()([x, layers.BatchNormalization(name=f"block{block}_project_bn")(y)])
    x = layers.Conv2D(12, 3, strides=2, padding="same", activation="swish", name="head")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(5, activation="softmax", name="logits")(layers.Dropout(0.2)(x)))


@net
def excited():
    x = image = keras.Input((17, 13, 3), name="image")
    x = layers.Activation("hard_silu")(layers.Conv2D(8, 3, strides=2, padding="same")(x))
    y = layers.GlobalAveragePooling2D(keepdims=True)(x)
    y = layers.Conv2D(8, 1, activation="hard_sigmoid")(layers.Conv2D(4, 1, activation="relu")(y))
    x = layers.Multiply()([x, y])
    x = layers.SeparableConv2D(6, 5, padding="same", strides=2, activation="elu")(x)
    return keras.Model(image, layers.Dense(4)(layers.Flatten()(layers.AveragePooling2D(2)(x))))


@net
def unet():
    x = image = keras.Input((16, 12, 2), name="image")
    ways = []
    for width in (4, 6):
        x = layers.Conv2D(width, 3, padding="same", activation="relu", name=f"down{width}")(x)
        ways.append(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="middle")(x)
    for width in (6, 4):
        if width == 6:
            x = layers.Conv2DTranspose(width, 2, strides=2, padding="same", name="up6")(x)
        else:
            x = layers.Conv2D(width, 1, name="up4")(layers.UpSampling2D(2, interpolation="bilinear")(x))
        x = layers.Concatenate()([ways.pop(), x])
        x = layers.Conv2D(width, 3, padding="same", activation="relu", name=f"merge{width}")(x)
    return keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid", name="mask")(x))


@net
def residual():
    x = image = keras.Input((15, 15, 3), name="image")
    x = layers.ZeroPadding2D(1)(x)
    x = layers.MaxPooling2D(3, strides=2)(layers.Conv2D(8, 3, activation="relu", name="stem")(x))
    for stage, width in enumerate((8, 12)):
        for block in range(2):
            name, step = f"stage{stage}_block{block}", 2 if block == 0 and stage > 0 else 1
            y = layers.Conv2D(width, 3, strides=step, padding="same", use_bias=False, name=f"{name}_conv1")(x)
            y = layers.ReLU()(layers.BatchNormalization(name=f"{name}_bn1")(y))
            y = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"{name}_conv2")(y)
            y = layers.BatchNormalization(name=f"{name}_bn2")(y)
            if x.shape[-1] != width:
                x = layers.Conv2D(width, 1, strides=step, name=f"{name}_down")(x)
            x = layers.ReLU()(layers.Add()([x, y]))
    return keras.Model(image, layers.Dense(6, name="fc")(layers.GlobalMaxPooling2D()(x)))


@net
def two_heads():
    image, other = keras.Input((8, 10, 2), name="image"), keras.Input((8, 10, 1), name="depth")
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="trunk")(layers.Concatenate()([image, other]))
    boxes = layers.Conv2D(4, 3, padding="same", name="boxes")(x)
    return keras.Model([image, other], {"boxes": boxes, "score": layers.Dense(3, name="score")(layers.Flatten()(x))})


@net
def prelu():
    x = image = keras.Input((5, 4, 3), name="image")
    x = layers.PReLU(shared_axes=[1, 2])(layers.Conv2D(4, 1)(x))
    x = layers.PReLU()(layers.Conv2D(3, 1)(x))
    return keras.Model(image, layers.PReLU()(layers.Dense(6)(layers.Flatten()(x))))


@net
def decoder():
    code = keras.Input((6,), name="code")
    x = layers.Reshape((3, 2, 4))(layers.Dense(24, activation="relu", name="first")(code))
    x = layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="relu", name="up")(x)
    return keras.Model(code, layers.Conv2D(1, 3, padding="same", activation="tanh", name="picture")(x))


@net
def joined_vectors():
    image, numbers = keras.Input((5, 4, 3), name="image"), keras.Input((4,), name="numbers")
    x = layers.Flatten()(layers.Conv2D(2, 3, activation="relu", name="conv")(image))
    x = layers.Concatenate()([x, numbers])
    return keras.Model([image, numbers], layers.Dense(3, name="head")(layers.BatchNormalization(name="norm")(x)))


@net
def normalised():
    x = image = keras.Input((9, 8, 3), name="image")
    x = layers.LayerNormalization(epsilon=1e-6, name="stem_norm")(layers.Conv2D(6, 2, strides=2, name="stem")(x))
    y = layers.DepthwiseConv2D(3, padding="same", name="block_conv")(x)
    y = layers.Dense(12, activation="gelu", name="block_expand")(layers.LayerNormalization(name="block_norm")(y))
    x = layers.Add()([x, layers.Dense(6, name="block_reduce")(y)])
    x = layers.GlobalAveragePooling2D()(layers.LayerNormalization(scale=False, name="norm")(x))
    return keras.Model(image, layers.Dense(3, name="head")(layers.LayerNormalization(center=False, name="head_norm")(x)))


@net
def dilated():
    x = image = keras.Input((11, 13, 3), name="image")
    x = layers.Conv2D(6, 3, dilation_rate=2, padding="same", activation="relu", name="first")(x)
    x = layers.BatchNormalization(name="norm")(layers.Conv2D(5, (2, 4), dilation_rate=(1, 3), padding="same", name="even")(x))
    x = layers.DepthwiseConv2D(3, dilation_rate=(2, 1), activation="relu6", name="depthwise")(x)
    return keras.Model(image, layers.Conv2D(2, 2, dilation_rate=2, name="last")(x))


@net
def dilated_sequence():
    x = signal = keras.Input((21, 3), name="signal")
    x = layers.Conv1D(4, 3, dilation_rate=2, padding="same", activation="relu", name="first")(x)
    y = layers.Conv1D(4, 2, dilation_rate=4, padding="causal", activation="tanh", name="filter")(x)
    x = layers.Multiply()([y, layers.Conv1D(4, 2, dilation_rate=4, padding="causal", activation="sigmoid", name="gate")(x)])
    return keras.Model(signal, layers.Dense(2, name="head")(layers.GlobalAveragePooling1D()(x)))


@net
def half_precision():
    return mobile()


def weighted(model):
    for weight in model.weights:
        if weight.dtype == "float32":
            numbers = RANDOM.normal(0, 0.3, weight.shape)
            numbers = np.abs(numbers) + 0.5 if "variance" in weight.name else numbers
            weight.assign(numbers + 1 if "gamma" in weight.name else numbers)
    return model


def converted(function, shapes, builtin=True):
    """The file of a function."""
    specs = [tf.TensorSpec(shape, tf.float32, name=f"x{index}") for index, shape in enumerate(shapes)]
    concrete = tf.function(function).get_concrete_function(*specs)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    if not builtin:
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    return converter.convert()


def channels_first(array):
    return np.moveaxis(array, -1, 1) if array.ndim > 2 else array


def line(word, arrays):
    numbers = np.concatenate([np.asarray(array, dtype=np.float64).ravel() for array in arrays])
    return f"{word} {' '.join(f'{number:.9g}' for number in numbers)}\n"


def recorded(name, file):
    """The lines of a case: what the interpreter makes of a random input."""
    resolver = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = tf.lite.Interpreter(model_content=file, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    first = (lambda array: array) if name == "input_with_channels_first" else channels_first
    inputs = []
    for detail in interpreter.get_input_details():
        inputs.append(floats(*detail["shape"]))
        interpreter.set_tensor(detail["index"], inputs[-1])
    interpreter.invoke()
    outputs = [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]
    # Imported nets have a batch of 1.
    inputs, outputs = ([first(array[:1]) for array in arrays] for arrays in (inputs, outputs))
    return f"{name}\n" + line("input", inputs) + line("output", outputs)


def batches(x):
    """Batches of smaller maps that are no dilated convolutions."""

    def between(function, padding, crop):
        return tf.batch_to_space(function(tf.space_to_batch(x, [2, 2], [padding] * 2)), [2, 2], [crop] * 2)

    weight, batch = floats(3, 3, 2, 4), tf.space_to_batch(x, [4, 4], [[0, 4]] * 2)
    pooled = between(lambda y: tf.nn.max_pool2d(y, 2, 1, "VALID"), [1, 1], [0, 0])
    strided = between(lambda y: tf.nn.conv2d(y, weight, 2, "VALID"), [2, 2], [0, 0])
    cropped = between(lambda y: tf.nn.conv2d(y, weight, 1, "SAME"), [0, 2], [3, 1])
    shared = tf.batch_to_space(tf.nn.conv2d(batch, weight, 1, "VALID"), [4, 4], [[0, 0]] * 2)
    return pooled, strided, cropped, shared, tf.nn.space_to_depth(batch, 3)


def refused():
    """Files that can't be declared, each for another reason."""
    folder = FOLDER / "refused"
    folder.mkdir(exist_ok=True)
    keras.backend.clear_session()
    model = weighted(mobile())

    def write(name, function, *shapes, **options):
        (folder / f"{name}.tflite").write_bytes(converted(function, shapes, **options))

    image = keras.Input((64,))
    wide = weighted(keras.Model(image, layers.Dense(32)(image)))
    converter = tf.lite.TFLiteConverter.from_keras_model(wide)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    (folder / "whole_weights.tflite").write_bytes(converter.convert())
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([floats(1, 20, 24, 3)] for _ in range(4))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    (folder / "whole_with_real_input.tflite").write_bytes(converter.convert())
    converter.inference_input_type = converter.inference_output_type = tf.int8
    (folder / "whole.tflite").write_bytes(converter.convert())
    write("custom", lambda x: tf.math.erf(x) + tf.math.lgamma(x), (1, 4, 4, 2), builtin=False)
    write("loop", lambda x: tf.while_loop(lambda y: tf.reduce_sum(y) < 10, lambda y: [y * 2], [x]), (1, 4, 4, 2))
    write("corners", lambda x: tf.compat.v1.image.resize_bilinear(x, [9, 9]), (1, 4, 4, 2))
    write("no_layers", lambda x: tf.sort(tf.sin(x), axis=-1), (1, 4, 4, 2))
    write("batches", batches, (None, 8, 8, 2))
    write("open_size", lambda x: tf.nn.conv2d(x, floats(3, 3, 2, 4), 2, "SAME"), (1, None, None, 2))


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = ""
    for name, (function, shapes) in CASES.items():
        file = converted(function, shapes)
        (FOLDER / f"{name}.tflite").write_bytes(file)
        text += recorded(name, file)
    for name, build in NETS.items():
        keras.backend.clear_session()
        converter = tf.lite.TFLiteConverter.from_keras_model(weighted(build()))
        if name == "half_precision":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        file = converter.convert()
        (FOLDER / f"{name}.tflite").write_bytes(file)
        text += recorded(name, file)
    (FOLDER / "cases.txt").write_text(text)
    refused()


if __name__ == "__main__":
    main()
