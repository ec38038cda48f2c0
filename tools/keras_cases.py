#!/usr/bin/env python3
"""Writes the cases of cnn-import/tests/keras: nets of Keras with random weights, exported by TensorFlow's exporter, tf2onnx.

Outputs are those of ONNX Runtime, for which maps are rows, columns and channels; here they are channels first, as imported nets have
them. Needs keras, tensorflow, tf2onnx and onnxruntime.
"""

from pathlib import Path

import keras
import numpy as np
import onnxruntime
from keras import layers

FOLDER = Path(__file__).resolve().parent.parent / "cnn-import" / "tests" / "keras"


def mobile():
    x = image = keras.Input((20, 24, 3), batch_size=1, name="image")
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    y = layers.BatchNormalization()(layers.Conv2D(8, 1, use_bias=False)(x))
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(layers.Add()([x, y]))
    x = layers.Conv2D(12, 3, strides=2, activation="swish")(x)
    x = layers.GlobalAveragePooling2D()(layers.MaxPooling2D(2)(x))
    return keras.Model(image, layers.Dense(5, activation="softmax")(layers.Dropout(0.2)(x)))


def flat():
    x = image = keras.Input((9, 11, 2), batch_size=1, name="image")
    x = layers.LeakyReLU(negative_slope=0.2)(layers.Conv2D(4, 3)(x))
    x = layers.AveragePooling2D(2, padding="same")(x)
    x = layers.Conv2DTranspose(3, 3, strides=2, padding="same")(x)
    x = layers.UpSampling2D((2, 3))(x)
    x = layers.Concatenate()([x, layers.Conv2D(3, 1)(x)])
    y = layers.GlobalAveragePooling2D(keepdims=True)(x)
    y = layers.Conv2D(6, 1, activation="sigmoid")(layers.Conv2D(2, 1, activation="relu")(y))
    x = layers.Multiply()([x, y])
    x = layers.SeparableConv2D(4, 3, activation="tanh", padding="same", strides=3)(x)
    return keras.Model(image, layers.Dense(7)(layers.Flatten()(x)))


def line(word, numbers):
    return f"{word} {' '.join(f'{number:.9g}' for number in np.asarray(numbers, dtype=np.float64).ravel())}\n"


def channels_first(array):
    return array.transpose(0, 3, 1, 2) if array.ndim == 4 else array


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    random, text = np.random.default_rng(5), ""
    for build in (mobile, flat):
        keras.backend.clear_session()
        model, name = build(), build.__name__
        for weight in model.weights:
            if weight.dtype == "float32":
                numbers = random.normal(0, 0.3, weight.shape)
                numbers = np.abs(numbers) + 0.5 if "variance" in weight.name else numbers
                weight.assign(numbers + 1 if "gamma" in weight.name else numbers)
        image = (np.round(random.uniform(-1, 1, model.inputs[0].shape) * 64) / 64).astype(np.float32)
        model(image)
        model.export(FOLDER / f"{name}.onnx", format="onnx")
        session = onnxruntime.InferenceSession(FOLDER / f"{name}.onnx")
        [output] = session.run(None, {session.get_inputs()[0].name: image})
        text += f"{name}\n" + line("input", channels_first(image)) + line("output", channels_first(output))
    (FOLDER / "cases.txt").write_text(text)


if __name__ == "__main__":
    main()
