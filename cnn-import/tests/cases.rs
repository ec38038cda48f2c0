//! The cases of `cases`, which `tools/onnx_cases.py` writes: operators of ONNX, and small nets by both of PyTorch's exporters; and those
//! of `keras`, by `tools/keras_cases.py`, and of `tflite`, by `tools/tflite_cases.py`. Each is imported, computed in double precision,
//! and compared; and its declaration is read again.

mod again;
mod kept;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cnn_import::{File, Options};
use cnn_runtime::reference;
use cnn_runtime::weights::{self, Source};

/// Of the largest output: evaluators compute in single precision, and exporters fold in it.
const TOLERANCE: f64 = 1e-5;

struct Case {
    name: String,
    input: Vec<f32>,
    output: Vec<f64>,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn cases(folder: &Path) -> Vec<Case> {
    let text = fs::read_to_string(folder.join("cases.txt")).expect("cases");
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        match line.split_once(' ') {
            None => cases.push(Case { name: line.to_owned(), input: Vec::new(), output: Vec::new() }),
            Some((word, numbers)) => {
                let case = cases.last_mut().expect("a name comes first");
                let numbers: Vec<f64> = numbers.split(' ').map(|it| it.parse().expect("a number")).collect();
                match word {
                    "input" => case.input = numbers.iter().map(|number| *number as f32).collect(),
                    "output" => case.output = numbers,
                    other => panic!("{other}"),
                }
            }
        }
    }
    cases
}

fn check(folder: &Path, format: &str, Case { name, input, output }: &Case) -> Result<String, String> {
    let file = File::open(folder.join(format!("{name}.{format}"))).map_err(|why| why.to_string())?;
    let net = file.import(&Options { name: Some("Net".to_owned()), ..Options::default() });
    let net = net.map_err(|why| why.to_string())?;
    let text = net.declaration().to_owned();
    let mut bytes = Vec::new();
    net.write_weights(&mut bytes).map_err(|why| why.to_string())?;
    net.with(|graph| {
        again::read(&text, graph)?;
        let params = weights::read(graph, &Source::new(&bytes)).map_err(|why| why.to_string())?;
        assert_eq!(Ok(&params), net.params().as_ref(), "{name}");
        let found = reference::run(graph, &params, input).map_err(|why| why.to_string())?;
        let found = &found.result().data;
        if found.len() != output.len() {
            return Err(format!("{} outputs, not {}", found.len(), output.len()));
        }
        let scale = output.iter().fold(1e-30_f64, |scale, x| scale.max(x.abs()));
        let worst = found.iter().zip(output).fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs()));
        if worst > TOLERANCE * scale || found.iter().any(|number| number.is_nan()) {
            return Err(format!("differs by {:e} of the largest:\n{text}", worst / scale));
        }
        Ok(text.clone())
    })
}

#[test]
fn cases_are_imported_and_agree() {
    agree(&folder("cases"), "onnx", 99);
}

#[test]
fn nets_of_keras_are_imported_and_agree() {
    agree(&folder("keras"), "onnx", 2);
}

#[test]
fn files_of_tflite_are_imported_and_agree() {
    agree(&folder("tflite"), "tflite", 48);
}

/// Checks the cases of a folder, and that there are enough.
fn agree(folder: &Path, format: &str, least: usize) {
    let cases = cases(folder);
    assert!(cases.len() >= least, "{} cases", cases.len());
    let files = fs::read_dir(folder).expect("a folder");
    let files =
        files.filter(|file| file.as_ref().is_ok_and(|file| file.path().extension().is_some_and(|it| it == format)));
    assert_eq!(files.count(), cases.len());
    let (mut texts, mut errors) = (String::new(), String::new());
    for case in &cases {
        match check(folder, format, case) {
            Ok(text) => _ = write!(texts, "== {}\n{}\n", case.name, text.replace("/// Imported from ONNX.\n", "")),
            Err(why) => _ = writeln!(errors, "{}: {why}", case.name),
        }
    }
    assert!(errors.is_empty(), "{errors}");
    kept::check(folder, &texts);
}
