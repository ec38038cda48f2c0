// Run by `cross.sh` in Node: WebAssembly modules, and comparisons with PyTorch's outputs.
//
//   node cross.mjs tests MODULE.wasm    runs a test binary of cargo; a test that fails traps
//   node cross.mjs lenet5 MODULE.wasm   runs LeNet-5 on 100 test digits and compares, then trains its last layer on others
//   node cross.mjs scores DIGIT         compares "digit score" lines on stdin with the scores of that test digit; of "loss" lines after
//                                       these, the last must be much smaller than the first

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

/** Teaches LeNet-5 that each digit is the next one, by 64 test digits, and asks about 100 others. */
function learn({ memory, input, run, add, train, predict, right, forget }, pixels) {
    const labels = gunzipSync(read("digits/test-labels-idx1-ubyte.gz")).subarray(8);
    const show = (index) => new Float32Array(memory.buffer, input(), 32 * 32).set(image(pixels, index));
    const other = (index) => (labels[index] + 1) % 10;
    const best = (scores) => scores.indexOf(Math.max(...scores));
    const judged = Array.from({ length: 100 }, (_, i) => 200 + i);
    const hits = () => judged.filter((index) => {
        show(index);
        return best(new Float32Array(memory.buffer, predict(), 10)) === other(index);
    }).length;
    if (train(0.05) !== 0) throw new Error("a step without examples");
    const before = hits();
    for (let index = 100; index < 164; index++) {
        show(index);
        if (add(other(index)) !== index - 99) throw new Error(`${index} is no example`);
    }
    if (add(10) !== 64) throw new Error("there is no digit 10");
    const losses = Array.from({ length: 300 }, () => train(0.02));
    const [first, last] = [losses.slice(0, 8), losses.slice(-8)].map((some) => some.reduce((sum, loss) => sum + loss) / 8);
    const after = hits();
    if (!(last < first / 5) || before > 10 || after < 75 || right() < 60) {
        throw new Error(`loss from ${first} to ${last}, right ${right()}, others from ${before} to ${after}`);
    }
    console.log(`64 digits learnt with other labels: loss from ${first.toFixed(2)} to ${last.toFixed(2)}, right ${right()}, ` +
        `of 100 others ${after} instead of ${before}`);
    forget();
    show(0);
    compare([...new Float32Array(memory.buffer, predict(), 10)], [...new Float32Array(memory.buffer, run(), 10)], "after forgetting");
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
        const exports = await instantiate(path);
        const { memory, input, run } = exports;
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
        learn(exports, pixels);
    },

    scores(index) {
        const lines = readFileSync(0, "utf8").trim().split("\n");
        const numbers = lines.map((line) => Number(line.split(" ")[1]));
        compare(numbers.slice(0, 10), expected()[index], "the program");
        console.log(`digit ${index} as in PyTorch`);
        const losses = numbers.slice(10);
        if (losses.length === 0) return;
        if (!(lines.slice(10).every((line) => line.startsWith("loss")) && losses.at(-1) < losses[0] / 5)) {
            throw new Error(`losses ${losses}`);
        }
        console.log(`trained, loss from ${losses[0]} to ${losses.at(-1)}`);
    },
};

const [command, ...files] = process.argv.slice(2);
await commands[command](...files);
