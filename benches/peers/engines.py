"""The engines that are called from Python, under the protocol of `harness/src/lib.rs`: `engines.py ENGINE NET THREADS OUTPUT`."""

import os
import sys

ENGINE, NET, THREADS, OUTPUT = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
os.environ["OMP_NUM_THREADS"] = str(THREADS)

import numpy as np  # noqa: E402

import common  # noqa: E402
from serving import serve  # noqa: E402

IMAGE = np.fromfile(common.NETS / f"{NET}.input.f32", "<f4").reshape(1, *common.INPUTS.get(NET, common.IMAGENET))


def openvino():
    """One stream, tuned for latency, f32 throughout."""
    import openvino as ov

    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": THREADS,
                "NUM_STREAMS": 1}
    request = ov.Core().compile_model(str(common.NETS / f"{NET}.onnx"), "CPU", settings).create_infer_request()
    request.set_input_tensor(ov.Tensor(IMAGE))
    output = request.get_output_tensor()
    return request.infer, lambda: output.data


def ncnn():
    """Winograd, packed layouts and GEMM by default; no half precision."""
    import ncnn as engine

    net = engine.Net()
    net.opt.num_threads = THREADS
    net.opt.use_vulkan_compute = False
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_bf16_storage = False
    net.load_param(str(common.NETS / f"{NET}.ncnn.param"))
    net.load_model(str(common.NETS / f"{NET}.ncnn.bin"))
    image, last = engine.Mat(IMAGE[0]), []

    def run():
        with net.create_extractor() as extractor:
            extractor.input("in0", image)
            last[:] = [extractor.extract("out0")[1]]

    return run, lambda: np.array(last[0])


def torch():
    """Compiled ahead of time by Inductor, weights frozen (`export.py`)."""
    import torch as engine

    engine.set_num_threads(THREADS)
    engine.set_num_interop_threads(1)
    net = engine._inductor.aoti_load_package(str(common.NETS / f"{NET}.{THREADS}.pt2"))
    image, last = engine.from_numpy(IMAGE), []

    def run():
        with engine.inference_mode():
            last[:] = [net(image)]

    return run, lambda: last[0].numpy()


def torch_eager():
    """Layer by layer, as PyTorch runs a module by default."""
    import torch as engine

    import export

    engine.set_num_threads(THREADS)
    engine.set_num_interop_threads(1)
    net = export.replace_lrn(export.build(NET)[0], engine.nn.LocalResponseNorm)
    image, last = engine.from_numpy(IMAGE), []

    def run():
        with engine.inference_mode():
            last[:] = [net(image)]

    return run, lambda: last[0].numpy()


def litert():
    """XNNPACK, which LiteRT uses for floats by default."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(common.NETS / f"{NET}.tflite"), num_threads=THREADS)
    interpreter.allocate_tensors()
    # With one channel, both layouts have the same numbers.
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], IMAGE.reshape(1, 32, 32, 1))
    output = interpreter.tensor(interpreter.get_output_details()[0]["index"])
    return interpreter.invoke, lambda: output().copy()


MAKERS = {"openvino": openvino, "ncnn": ncnn, "torch": torch, "torch-eager": torch_eager, "litert": litert}


if __name__ == "__main__":
    serve(*MAKERS[ENGINE](), OUTPUT)
