// Run by `cross.sh` in Node: WebAssembly modules, and comparisons with PyTorch's outputs.
//
//   node cross.mjs tests MODULE.wasm    runs a test binary of cargo; a test that fails traps
//   node cross.mjs lenet5 MODULE.wasm   runs LeNet-5 on 100 test digits and compares
//   node cross.mjs scores DIGIT         compares "digit score" lines on stdin with the scores of that test digit

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const repository = new URL("..", import.meta.url);
const read = (path) => readFileSync(new URL(path, repository));

// The relative tolerance of `tests/lenet5.rs`.
const TOLERANCE = 1e-5;

/** LeNet-5's probabilities for the first 100 test digits, from PyTorch: rows of ten. */
function expected() {
    const file = read("tests/data/lenet5_digits.safetensors");
    const header = Number(file.readBigUInt64LE(0));
    const tensors = JSON.parse(file.toString("utf8", 8, 8 + header));
    const [start, end] = tensors.probabilities.data_offsets.map((offset) => 8 + header + offset);
    const floats = Array.from({ length: (end - start) / 4 }, (_, i) => file.readFloatLE(start + 4 * i));
    return Array.from({ length: floats.length / 10 }, (_, row) => floats.slice(10 * row, 10 * row + 10));
}

/** A test digit as the net reads it: 28 x 28 with a border of two zeros, in 0..1. */
function image(pixels, index) {
    const image = new Float32Array(32 * 32);
    for (let y = 0; y < 28; y++) {
        for (let x = 0; x < 28; x++) {
            image[(y + 2) * 32 + x + 2] = pixels[16 + (index * 28 + y) * 28 + x] / 255;
        }
    }
    return image;
}

/** Fails unless ten scores match PyTorch's. */
function compare(scores, expected, what) {
    const error = Math.max(...expected.map((score, digit) => Math.abs(score - scores[digit])));
    if (scores.length !== 10 || !(error <= TOLERANCE * Math.max(...expected))) {
        throw new Error(`${what}: ${[...scores]}, not ${expected}`);
    }
}

const instantiate = async (path) => (await WebAssembly.instantiate(readFileSync(path))).instance.exports;

const commands = {
    async tests(path) {
        const { main } = await instantiate(path);
        const code = main(0, 0);
        if (code !== 0) throw new Error(`${path}: exit code ${code}`);
        console.log(`${path}: all tests passed`);
    },

    async lenet5(path) {
        const { memory, input, run } = await instantiate(path);
        const pixels = gunzipSync(read("digits/test-images-idx3-ubyte.gz"));
        let fastest = Infinity;
        for (const [index, scores] of expected().entries()) {
            new Float32Array(memory.buffer, input(), 32 * 32).set(image(pixels, index));
            compare(new Float32Array(memory.buffer, run(), 10), scores, `digit ${index}`);
            const start = performance.now();
            run();
            fastest = Math.min(fastest, performance.now() - start);
        }
        console.log(`${path}: 100 digits as in PyTorch, ${(1000 * fastest).toFixed(1)} us for one at best`);
    },

    scores(index) {
        const lines = readFileSync(0, "utf8").trim().split("\n");
        compare(lines.map((line) => Number(line.split(" ")[1])), expected()[index], "the program");
        console.log(`digit ${index} as in PyTorch`);
    },
};

const [command, ...files] = process.argv.slice(2);
await commands[command](...files);
