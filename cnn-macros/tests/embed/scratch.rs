//! Crates with embedded weights, built and run as a user does.
//!
//! All share a target folder, so that the runtime and the compiler are built once, also for later runs of the tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Inputs and outputs of the nets: more than a megabyte of weights, which are kept in a file.
pub(crate) const LARGE: (usize, usize) = (1000, 300);
/// Few enough for a literal.
pub(crate) const SMALL: (usize, usize) = (1000, 3);

/// A folder with crates. It is also the name of their nets, so that their files can be found in the common target folder.
pub(crate) struct Scratch {
    pub(crate) name: &'static str,
    pub(crate) folder: PathBuf,
}

impl Scratch {
    /// An empty folder.
    pub(crate) fn new(name: &'static str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("embed").join(name);
        let scratch = Self { name, folder };
        // What earlier runs left.
        let _ = fs::remove_dir_all(&scratch.folder);
        scratch.packed().iter().for_each(|file| fs::remove_file(file).expect("the file can be removed"));
        scratch.write("Cargo.lock", &fs::read_to_string(root().join("Cargo.lock")).expect("the lock file can be read"));
        scratch
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a file in a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    }

    /// A workspace of these members.
    pub(crate) fn workspace(&self, members: &[&str]) {
        self.write(
            "Cargo.toml",
            &format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\nexclude = [\"outside\"]\n{PROFILE}"),
        );
    }

    /// The manifest of a crate in `folder`, with some more dependencies.
    pub(crate) fn manifest(&self, folder: &str, version: &str, dependencies: &str) {
        let (name, cnn) = (self.package(folder), root());
        self.write(
            &format!("{folder}/Cargo.toml"),
            &format!(
                "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n[dependencies]\n\
                 cnn = {{ path = {cnn:?}, default-features = false }}\n{dependencies}\n"
            ),
        );
    }

    /// A program of one crate, in `folder`, which prints what its net gives for ones: the sum of an output's weights.
    pub(crate) fn program(&self, folder: &str, value: f32) {
        self.manifest(folder, "0.1.0", "");
        self.write(&format!("{folder}/src/main.rs"), &self.main());
        self.weights(&format!("{folder}/w/net.safetensors"), LARGE, value);
    }

    pub(crate) fn main(&self) -> String {
        format!("{}fn main() {{ println!(\"{{}}\", {}); }}\n", self.net(LARGE, "w/net.safetensors"), self.first())
    }

    /// A net with the weights of this file.
    pub(crate) fn net(&self, size: (usize, usize), file: &str) -> String {
        let (name, (inputs, outputs)) = (self.name, size);
        let layers = format!("{inputs} -> {outputs} {{ fc: linear({outputs}); }}");
        format!("cnn::network! {{ #[weights(\"{file}\")] pub {name}: {layers} }}\n")
    }

    /// The expression of its first output for ones.
    pub(crate) fn first(&self) -> String {
        format!("{}::embedded().forward(&[1.0; {}])[0]", self.name, LARGE.0)
    }

    /// A safetensors file in which all weights have this value and the bias is 0.
    pub(crate) fn weights(&self, path: &str, size: (usize, usize), value: f32) {
        self.tensors(path, &[("fc.weight", &[size.1, size.0], value), ("fc.bias", &[size.1], 0.0)]);
    }

    /// A safetensors file of tensors with a value each.
    pub(crate) fn tensors(&self, path: &str, tensors: &[(&str, &[usize], f32)]) {
        let (mut header, mut numbers) = (Vec::new(), Vec::new());
        for &(name, shape, value) in tensors {
            let start = numbers.len();
            numbers.extend(value.to_le_bytes().repeat(shape.iter().product()));
            let end = numbers.len();
            header.push(format!(r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{start},{end}]}}"#));
        }
        let header = format!("{{{}}}", header.join(","));
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header.bytes());
        file.extend(numbers);
        fs::create_dir_all(self.path(path).parent().expect("a file in a folder")).expect("the folder can be made");
        fs::write(self.path(path), file).expect("the file can be written");
    }

    /// The name of the crate in a folder.
    pub(crate) fn package(&self, folder: &str) -> String {
        format!("{}-{folder}", self.name.to_lowercase())
    }

    pub(crate) fn cargo(&self, arguments: &str) -> Command {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.arg("--offline").args(arguments.split_whitespace()).current_dir(&self.folder);
        clean(&mut cargo);
        cargo.env("CARGO_INCREMENTAL", "1").env("CARGO_TARGET_DIR", target());
        cargo
    }

    /// Runs the program of the crate in a folder.
    pub(crate) fn run(&self, folder: &str) -> String {
        succeeds(&mut Command::new(target().join("debug").join(self.package(folder))))
    }

    /// rustc in the scratch folder, called as a crate's root.
    pub(crate) fn rustc(&self) -> Command {
        let deps = target().join("debug/deps");
        let mut rustc = Command::new("rustc");
        rustc.current_dir(&self.folder).args(["--edition", "2024", "-L"]).arg(format!("dependency={}", deps.display()));
        rustc.arg("--extern").arg(format!("cnn={}", library().display()));
        clean(&mut rustc);
        rustc.env("CARGO_MANIFEST_DIR", &self.folder);
        rustc
    }

    /// Files of packed weights, and what belongs to them, wherever they are.
    pub(crate) fn packed(&self) -> Vec<PathBuf> {
        let begin = format!("{}-", self.name.to_lowercase());
        let mut found = Vec::new();
        for folder in [self.folder.clone(), target().join("debug"), target().join("doc")] {
            files(&folder, &mut |path, name| {
                let end = Path::new(name).extension().and_then(|end| end.to_str());
                if name.starts_with(&begin) && matches!(end, Some("weights" | "stamp" | "tmp")) {
                    found.push(path.to_path_buf());
                }
            });
        }
        found
    }
}

/// As little as can be compiled.
const PROFILE: &str = "[profile.dev]\ndebug = false\n[profile.dev.package.\"*\"]\nopt-level = 0\n";

/// The workspace of the crate.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a crate in a workspace")
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("embed/target")
}

/// Without what the environment of the tests says about them, or about all builds.
fn clean(command: &mut Command) {
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_BUILD_RUSTFLAGS"] {
        command.env_remove(name);
    }
}

/// The library `cnn`, built for the scratch crates.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let scratch = Scratch::new("Library");
        scratch.workspace(&["a"]);
        scratch.manifest("a", "0.1.0", "");
        scratch.write("a/src/lib.rs", "");
        let messages = succeeds(&mut scratch.cargo("build --message-format json"));
        let name = messages.split('"').find(|word| word.ends_with(".rlib") && word.contains("libcnn-"));
        name.expect("cargo tells where the library is").into()
    })
}

/// Calls `each` with all files in a folder and its folders, and their names.
fn files(folder: &Path, each: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            files(&path, each);
        } else {
            each(&path, &name.to_string_lossy());
        }
    }
}

/// What it prints.
pub(crate) fn succeeds(command: &mut Command) -> String {
    let output = command.output().expect("the command can be run");
    let [out, error] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{command:?}\n{out}\n{error}");
    out.trim().to_owned()
}

/// What it complains about.
pub(crate) fn fails(command: &mut Command) -> String {
    let output = command.output().expect("the command can be run");
    assert!(!output.status.success(), "{command:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}
