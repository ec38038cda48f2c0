//! `cnn run`, when something goes wrong: one clear message, no file, and an older one untouched.

use std::fs;
use std::path::{Path, PathBuf};

use models::{LeNet5, seeded};
use safetensors::Dtype;

use super::support::{Folder, file_of, input_file, run};

const OLD: &str = "an older output";

/// A folder with weights `w`, an input `x` and an older output `old`, all of them valid.
struct Case {
    folder: Folder,
    weights: PathBuf,
    input: PathBuf,
}

impl Case {
    fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let weights = folder.file("w", seeded::weights(LeNet5::GRAPH, ""));
        let input = folder.file("x", input_file(&[1, 32, 32], &[0.5; 1024]));
        folder.file("old", OLD);
        Self { folder, weights, input }
    }

    /// With another input.
    fn input(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.input = self.folder.file("x", bytes);
        self
    }

    /// With other weights.
    fn weights(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.weights = self.folder.file("w", bytes);
        self
    }

    /// The error of a run, which leaves no new file and the older one unchanged.
    fn errors(&self) -> String {
        let before = self.folder.names();
        let [new, old] = ["new", "old"].map(|output| self.run(&self.folder.path(output)));
        assert_eq!(new, old);
        assert_eq!(self.folder.names(), before);
        assert_eq!(fs::read_to_string(self.folder.path("old")).unwrap(), OLD);
        new
    }

    fn run(&self, output: &Path) -> String {
        let [net, weights, x, y] = ["lenet5", "--weights", "--input", "--output"].map(Path::new);
        run([Path::new("run"), net, weights, &self.weights, x, &self.input, y, output]).errors()
    }

    /// Checks that the error is one line about the input.
    fn expect_of_input(&self, problem: &str) {
        assert_eq!(self.errors(), format!("{} {problem}", self.input.display()));
    }
}

#[test]
fn files_that_are_not_there() {
    let mut case = Case::new("files_that_are_not_there");
    case.input = case.folder.path("gone");
    case.expect_of_input("cannot be read: No such file or directory (os error 2)");
    case.weights = case.folder.path("gone, too");
    let expected = format!("{} cannot be read: No such file or directory (os error 2)", case.weights.display());
    assert_eq!(case.errors(), expected);
}

#[test]
fn inputs_that_are_no_safetensors() {
    let case = |bytes: &[u8]| Case::new("inputs_that_are_no_safetensors").input(bytes);
    case(b"").expect_of_input("cannot be read: the file is empty");
    let zip = case(b"PK\x03\x04 and so on").errors();
    assert!(zip.contains("looks like a zip archive, such as PyTorch's .pt"), "{zip}");
    assert!(zip.ends_with(r#"`safetensors.torch.save_file({"input": x}, path)`"#), "{zip}");
    let whole = input_file(&[1, 32, 32], &[0.5; 1024]);
    for length in [7, 8, 40, whole.len() - 1] {
        let error = case(&whole[..length]).errors();
        assert!(error.contains(" cannot be read: ") && error.lines().count() == 1, "{error}");
    }
    let json = format!(r#"{{"input":{{"dtype":"F32","shape":[1],"data_offsets":[0,{}]}}}}"#, u64::MAX);
    let error = case(&[&(json.len() as u64).to_le_bytes(), json.as_bytes()].concat()).errors();
    assert!(error.contains("larger than any file"), "{error}");
}

#[test]
fn inputs_without_the_tensor() {
    let case = |name| Case::new("inputs_without_the_tensor").input(file_of(name, Dtype::F32, &[1], &[0; 4]));
    case("image").expect_of_input("has no tensor `input`; it has `image`");
    case("a\u{1b}[31m").expect_of_input(r"has no tensor `input`; it has `a\u{1b}[31m`");
    let none = Case::new("inputs_without_any_tensor").input([&2_u64.to_le_bytes()[..], b"{}"].concat());
    none.expect_of_input("has no tensor `input`; it has none at all");
    let many = Case::new("inputs_with_many_tensors").input(seeded::weights(LeNet5::GRAPH, ""));
    many.expect_of_input(
        "has no tensor `input`; it has `conv1.bias`, `conv1.weight`, `conv2.bias`, `conv2.weight`, `fc1.bias` and 5 more",
    );
}

#[test]
fn inputs_of_another_shape() {
    for shape in [&[1, 28, 28][..], &[32, 32], &[1024], &[1, 1, 1, 32, 32], &[2, 3, 32, 32], &[]] {
        let count = shape.iter().product();
        let case = Case::new("inputs_of_another_shape").input(input_file(shape, &vec![0.0; count]));
        case.expect_of_input(&format!(
            "has `input` of shape {shape:?}, but lenet5 reads [1, 32, 32], or N of them as [N, 1, 32, 32]"
        ));
    }
}

#[test]
fn inputs_of_another_type() {
    for (dtype, name, size) in [(Dtype::U8, "U8", 1), (Dtype::F64, "F64", 8), (Dtype::I64, "I64", 8)] {
        let file = file_of("input", dtype, &[1, 32, 32], &vec![0; 1024 * size]);
        Case::new("inputs_of_another_type").input(file).expect_of_input(&format!(
            "has `input` as {name}; accepted are F32, F16 and BF16 (in PyTorch, `.float()` gives F32)"
        ));
    }
}

#[test]
fn weights_of_another_net() {
    let case = Case::new("weights_of_another_net").weights(file_of("conv1.weight", Dtype::F32, &[1], &[0; 4]));
    let error = case.errors();
    let first = error.lines().next().unwrap();
    assert!(first.starts_with(&format!("{}: weights do not fit LeNet5: ", case.weights.display())), "{error}");
    assert!(error.lines().count() > 5 && error.lines().skip(1).all(|line| line.starts_with("  ")), "{error}");
}

#[test]
fn weights_that_are_no_safetensors() {
    let case = Case::new("weights_that_are_no_safetensors").weights("<!DOCTYPE html>");
    let error = case.errors();
    assert!(error.ends_with("this looks like a web page, perhaps of a failed download"), "{error}");
    assert_eq!(error.lines().count(), 1);
}

#[test]
fn outputs_that_cannot_be_written() {
    let case = Case::new("outputs_that_cannot_be_written");
    let before = case.folder.names();
    let nowhere = case.folder.path("nowhere/y");
    let expected = format!(
        "{} cannot be written: there is no folder {}",
        nowhere.display(),
        case.folder.path("nowhere").display()
    );
    assert_eq!(case.run(&nowhere), expected);
    let folder = case.folder.path("");
    let error = case.run(&folder);
    assert!(error.starts_with(&format!("{} cannot be written: ", folder.display())), "{error}");
    let below_a_file = case.run(&case.folder.path("old/y"));
    assert!(below_a_file.contains(" cannot be written: ") && below_a_file.lines().count() == 1, "{below_a_file}");
    assert_eq!(case.folder.names(), before);
}

#[test]
fn outputs_over_what_is_read() {
    let case = Case::new("outputs_over_what_is_read");
    for path in [&case.input, &case.weights] {
        let before = fs::read(path).unwrap();
        let expected = format!("{} cannot be the output: it is also read", path.display());
        assert_eq!(case.run(path), expected);
        assert_eq!(fs::read(path).unwrap(), before);
    }
}
