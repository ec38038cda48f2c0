//! torchvision's ResNet-50 from PyTorch's three exporters, which `tools/resnet50_graphs.py` writes without tensors, against the
//! declaration of it in `models`: the compiler makes the same kernels of both, so they are equally fast.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use cnn_compiler::file::{File as Source, Found};
use cnn_import::{File, Net, Options};

/// At least as many numbers as its tensors have.
const FLOATS: usize = 26 << 20;

/// The exporters, with the files of their graphs and of their tensors.
const EXPORTERS: [(&str, &str, &str); 3] = [
    ("export", "export.json", "export.state.safetensors"),
    ("torchscript", "torchscript.onnx", "tensors"),
    ("dynamo", "dynamo.onnx", "tensors"),
];

/// The declaration in `models`, which ends with what exporters leave out.
fn declared() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/src/torchvision/resnet.rs");
    let text = fs::read_to_string(path).expect("the file");
    let logits = text.replacen("tap logits;", "", 1).replacen("softmax;", "", 1);
    assert_eq!(text.len() - logits.len(), "tap logits;softmax;".len());
    logits
}

/// A net of a Rust file, compiled.
fn compiled(text: &str, name: &str) -> Found {
    let file = Source::parse(text).unwrap_or_else(|wrong| panic!("{}", wrong.text));
    let found = file.compile(name).expect("a net of this name");
    found.unwrap_or_else(|wrong| panic!("{:?}", wrong.iter().map(|wrong| &wrong.text).collect::<Vec<_>>()))
}

/// All kernels with their numbers, where they write, and the memory that they need.
fn kernels(net: &Found) -> Vec<String> {
    let plan = &net.plan;
    let calls = plan.calls.iter().map(|call| format!("{:?} {:?} {:?}", call.kernel, call.uses, call.shared));
    let memory = format!("{} floats, {} packed, {:?}", plan.workspace_len, plan.packed_len, plan.output);
    calls.chain([memory]).collect()
}

/// The net of an exporter, with tensors of the same number everywhere.
fn imported<R>(exporter: usize, read: impl FnOnce(&Net<'_>) -> R) -> R {
    let (name, graph, tensors) = EXPORTERS[exporter];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/resnet50");
    // Tests run at the same time.
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let at = std::env::temp_dir().join(format!("cnn-import-resnet50-{}-{count}", std::process::id()));
    fs::create_dir_all(&at).expect("a folder");
    fs::copy(folder.join(graph), at.join(graph)).expect("a copy");
    fill(&at.join(tensors));
    let file = File::open(at.join(graph)).expect("a file");
    let net = file.import(&Options { name: Some("Net".to_owned()), ..Options::default() });
    let result = read(&net.unwrap_or_else(|why| panic!("{name}: {why}")));
    fs::remove_dir_all(at).expect("the folder");
    result
}

/// A file of tensors.
fn fill(path: &PathBuf) {
    if path.extension().is_none() {
        // Biases of zeros would be left out.
        let numbers = 0.5_f32.to_le_bytes().repeat(FLOATS);
        return fs::write(path, numbers).expect("a file");
    }
    let file = fs::File::create(path).expect("a file");
    let text = declared();
    let (header, len) = compiled(&text, "ResNet50").plan.describe("Net", "", |graph| {
        let mut at = 0;
        let tensors = graph.nodes.iter().flat_map(|node| node.tensors).map(|tensor| {
            let (begin, end) = (at, at + 4 * tensor.elements());
            at = end;
            format!(
                "{:?}:{{\"dtype\":\"F32\",\"shape\":{:?},\"data_offsets\":[{begin},{end}]}}",
                tensor.name, tensor.shape
            )
        });
        (format!("{{{}}}", tensors.collect::<Vec<_>>().join(",")), at)
    });
    let head = [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
    std::io::Write::write_all(&mut { &file }, &head).expect("a header");
    file.set_len((head.len() + len) as u64).expect("a sparse file");
}

#[test]
fn it_is_computed_by_the_same_kernels() {
    let declared = compiled(&declared(), "ResNet50");
    let expected = kernels(&declared);
    assert!(expected.len() > 50, "{expected:?}");
    for (exporter, (name, ..)) in EXPORTERS.iter().enumerate() {
        let text = imported(exporter, |net| format!("cnn::network! {{\n{}\n}}", net.declaration()));
        let found = compiled(&text, "Net");
        assert_eq!(kernels(&found), expected, "{name}:\n{text}");
    }
}

#[test]
fn it_is_as_short() {
    // The blocks and the net, without comments and empty lines.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/src/resnet.rs");
    let text = fs::read_to_string(path).expect("the file");
    let (_, text) = text.split_once("block bottleneck(").expect("its first block");
    let (text, _) = text.split_once("pub ResNet50:").expect("the net");
    let declared =
        1 + text.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with(['/', '#'])).count();
    for (exporter, (name, ..)) in EXPORTERS.iter().enumerate() {
        let text = imported(exporter, |net| net.declaration().to_owned());
        let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
        assert!(lines * 2 <= declared * 3, "{name}: {lines} lines, and {declared}\n{text}");
        assert!(text.contains("(256); 5];"), "{text}");
    }
}

#[test]
fn its_tensors_have_pytorchs_names() {
    let text = declared();
    let names = |graph: &cnn_net::graph::Graph<'_>| -> Vec<String> {
        graph.nodes.iter().flat_map(|node| node.tensors).map(|tensor| tensor.name.to_owned()).collect()
    };
    let mut expected = compiled(&text, "ResNet50").plan.describe("Net", "", names);
    let mut found = imported(0, |net| net.with(names));
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}
