//! Running the program, and files for it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};
use serde_json::Value;

/// The program, without what the user's environment says about colours.
pub(crate) fn cnn() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cnn"));
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        command.env_remove(variable);
    }
    command
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Ran {
    /// The printed text; fails if anything went wrong.
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "stdout: {}", self.stdout);
        self.stdout
    }

    /// The message after `error: `; fails if it has more than one line, or if anything was printed.
    pub(crate) fn error(self) -> String {
        let message = self.errors();
        assert_eq!(message.lines().count(), 1, "{message}");
        message
    }

    /// The message after `error: `, of any number of lines.
    pub(crate) fn errors(self) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (Some(2), ""), "stderr: {}", self.stderr);
        let message = self.stderr.strip_prefix("error: ").expect("errors begin with `error: `");
        message.strip_suffix('\n').expect("errors end their line").to_owned()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("only UTF-8 is printed");
        Self { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code() }
    }
}

/// Runs the program with these arguments.
pub(crate) fn run(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
    cnn().args(arguments).output().expect("the program starts").into()
}

/// Runs the program with these arguments and bytes on standard input.
pub(crate) fn run_with(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>, input: &[u8]) -> Ran {
    let mut command = cnn();
    let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    // The program may not need them all.
    let _ = child.stdin.take().expect("it is a pipe").write_all(input);
    child.wait_with_output().expect("the program ends").into()
}

/// Runs the program in a folder.
pub(crate) fn run_in(folder: &Folder, arguments: &[&str]) -> Ran {
    cnn().current_dir(folder.path("")).args(arguments).output().expect("the program starts").into()
}

/// What a run printed as JSON: one document, whatever the exit code is.
pub(crate) fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// The keys of a JSON object, sorted.
pub(crate) fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("it is an object").keys().map(String::as_str).collect()
}

/// The folder with the data of this project.
pub(crate) fn digits_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../digits")
}

/// A new folder of this name for a test.
pub(crate) struct Folder(PathBuf);

/// The folders of tests that run at this time.
static IN_USE: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

impl Drop for Folder {
    fn drop(&mut self) {
        IN_USE.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

impl Folder {
    pub(crate) fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let is_new = IN_USE.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone());
        assert!(is_new, "two tests have a folder {test}");
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    /// Writes a file and returns its path.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The names of all files, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// A safetensors file of one tensor.
pub(crate) fn file_of(name: &str, dtype: Dtype, shape: &[usize], bytes: &[u8]) -> Vec<u8> {
    serialize([(name, TensorView::new(dtype, shape.to_vec(), bytes).unwrap())], None).unwrap()
}

/// A safetensors file whose `input` has this shape and these floats.
pub(crate) fn input_file(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    file_of("input", Dtype::F32, shape, &bytes)
}

/// A tensor by name: its shape and its floats.
pub(crate) type Named = (String, Vec<usize>, Vec<f32>);

/// A safetensors file of F32.
pub(crate) fn file_of_all(tensors: &[Named]) -> Vec<u8> {
    let bytes: Vec<Vec<u8>> =
        tensors.iter().map(|(.., values)| values.iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, shape, _), bytes)| (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    serialize(views, None).unwrap()
}

/// The tensors of a file of F32: shapes and values, by name.
pub(crate) fn tensors(path: &Path) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let bytes = fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensor = |view: &TensorView<'_>| {
        assert_eq!(view.dtype(), Dtype::F32);
        let values = view.data().as_chunks().0.iter().map(|float| f32::from_le_bytes(*float)).collect();
        (view.shape().to_vec(), values)
    };
    file.tensors().iter().map(|(name, view)| (name.clone(), tensor(view))).collect()
}
