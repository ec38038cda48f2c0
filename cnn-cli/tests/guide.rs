//! What the guide says that the program prints is what it prints. `BLESS=1` writes it.

#![forbid(unsafe_code)]

#[path = "../../guide/tests/support/chapters.rs"]
mod chapters;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use chapters::chapters;
use cnn::graph::Graph;
use cnn::reference::{self, Params};
use cnn::trace::resolve;
use cnn::weights::{self, Source};
use models::{LeNet5, seeded};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};

cnn::network! {
    /// LeNet-5 with another activation after its first convolution.
    Other: 1x32x32 -> 10 {
        conv1: conv(6, 5x5) -> relu -> avg_pool(2x2);
        conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
        fc1: linear(120) -> tanh;
        fc2: linear(84) -> tanh;
        fc3: linear(10);
        tap logits;
        softmax;
    }
}

cnn::network! {
    /// The net of the chapter about nets in files.
    Small: 1x8x8 -> 3 {
        first: { conv: conv(4, 3x3, pad = 1) -> relu; };
        max_pool(2x2);
        second: { conv: conv(8, 3x3, pad = 1) -> relu; };
        global_avg_pool;
        fc: linear(3);
    }
}

/// Names, dimensions and values.
type Tensors = Vec<(String, Vec<usize>, Vec<f32>)>;

fn write(folder: &Path, name: &str, tensors: &Tensors) {
    let bytes: Vec<Vec<u8>> =
        tensors.iter().map(|(.., values)| values.iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        (name, TensorView::new(Dtype::F32, shape.clone(), bytes).expect("as many values as the dimensions say"))
    });
    fs::write(folder.join(name), serialize(views, None).expect("tensors")).expect("a file can be written");
}

/// The results of some modules, by the plain loops of the reference.
fn activations(graph: &Graph<'_>, params: &Params, input: &[f32]) -> Tensors {
    let outputs = reference::run(graph, params, input).expect("the net runs");
    let tensor = |name: &str| {
        let value = resolve(graph, name.trim_start_matches("act.")).expect("a module");
        let shape = graph.shape(value);
        let dimensions = vec![1, shape.channels(), shape.size().height, shape.size().width];
        (name.to_owned(), dimensions, outputs.value(value).expect("it ran").to_f32())
    };
    ["act.conv1", "act.conv2", "act.fc1", "act.fc2", "logits"].map(tensor).to_vec()
}

/// The files that the guide's commands read.
fn files() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide");
    fs::create_dir_all(&folder).expect("a folder can be made");
    let (file, input) = (seeded::weights(LeNet5::GRAPH, ""), seeded::uniform("x", 32 * 32));
    let params = weights::read(LeNet5::GRAPH, &Source::new(&file)).expect("weights that fit");
    fs::write(folder.join("w.safetensors"), &file).expect("a file can be written");
    write(&folder, "x.safetensors", &vec![("input".to_owned(), vec![1, 1, 32, 32], input.clone())]);
    write(&folder, "e.safetensors", &activations(LeNet5::GRAPH, &params, &input));
    write(&folder, "wrong.safetensors", &activations(Other::GRAPH, &params, &input));
    let tensors = LeNet5::GRAPH.nodes.iter().flat_map(|node| node.tensors);
    let mistaken = tensors.map(|tensor| {
        let (mut name, mut shape) = (tensor.name.to_owned(), tensor.shape.to_vec());
        match tensor.name {
            "conv2.weight" => shape = vec![5, 5, 6, 16],
            "fc2.bias" => name = "fc2.b".to_owned(),
            _ => {}
        }
        (name, shape, params[tensor.name].clone())
    });
    write(&folder, "converted.safetensors", &mistaken.collect());
    nets(&folder);
    folder
}

/// A net in a file, as the guide declares it, one with a mistake, and what the first gave.
fn nets(folder: &Path) {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../guide/src/nets-in-files.md"));
    let text = text.expect("a chapter");
    let net = text.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).expect("it declares a net");
    fs::write(folder.join("net.rs"), net).expect("a file can be written");
    fs::write(folder.join("mistake.rs"), net.replace("max_pool(2x2)", "maxpool(2x2)")).expect("a file can be written");
    let tensor =
        |name: &str, shape: &[usize]| (name.to_owned(), shape.to_vec(), seeded::uniform(name, shape.iter().product()));
    let weights = vec![
        tensor("first.conv.weight", &[4, 1, 3, 3]),
        tensor("first.conv.bias", &[4]),
        tensor("second.conv.weight", &[8, 4, 3, 3]),
        tensor("second.conv.bias", &[8]),
        tensor("fc.weight", &[3, 8]),
        tensor("fc.bias", &[3]),
    ];
    write(folder, "small.safetensors", &weights);
    let params: Params = weights.iter().map(|(name, _, values)| (name.clone(), values.clone())).collect();
    let input = seeded::uniform("x", 4 * 64);
    let outputs = input.chunks(64).flat_map(|image| {
        let outputs = reference::run(Small::GRAPH, &params, image).expect("the net runs");
        outputs.result().to_f32()
    });
    let recorded = vec![
        ("output.output".to_owned(), vec![4, 3], outputs.collect()),
        ("input.input".to_owned(), vec![4, 1, 8, 8], input.clone()),
    ];
    write(folder, "small.recorded.safetensors", &recorded);
}

/// The commands with what they print, on stdout and stderr.
fn session<'c>(commands: impl Iterator<Item = &'c str>, folder: &Path) -> String {
    let outputs = commands.map(|command| {
        let mut words = command.split_whitespace();
        assert_eq!(words.next(), Some("cnn"), "{command}");
        let output = Command::new(env!("CARGO_BIN_EXE_cnn")).args(words).current_dir(folder).output();
        let output = output.expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("only UTF-8 is printed");
        format!("$ {command}\n{}{}", text(output.stdout), text(output.stderr))
    });
    outputs.collect()
}

/// Whether two texts are equal but for the size of rounding errors, which depends on the processor.
fn same(one: &str, other: &str) -> bool {
    let word = |word: &str| {
        let tiny =
            word.split_once("e-").and_then(|(_, power)| power.parse::<u32>().ok()).is_some_and(|power| power > 5);
        if tiny { "tiny".to_owned() } else { word.to_owned() }
    };
    let words = |text: &str| text.lines().map(|line| line.split_whitespace().map(word).collect()).collect();
    let [one, other]: [Vec<Vec<String>>; 2] = [one, other].map(words);
    one == other
}

#[test]
fn commands_print_what_the_guide_says() {
    let folder = files();
    let mut sessions = 0;
    for chapter in chapters(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../guide/src")) {
        let texts = chapter.blocks().into_iter().filter(|block| block.kind == "text").map(|block| block.range);
        let sessions_here = texts.filter(|range| chapter.text[range.clone()].starts_with("$ "));
        let expected = sessions_here.map(|range| {
            let commands = chapter.text[range.clone()].lines().filter_map(|line| line.strip_prefix("$ "));
            let printed = session(commands, &folder);
            (range, printed)
        });
        let expected: Vec<_> = expected.collect();
        sessions += expected.len();
        chapter.check(&expected, same);
    }
    assert!(sessions > 2, "only {sessions} commands were found");
}
