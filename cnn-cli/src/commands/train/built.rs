//! A program that trains the user's net: written into the cache, built by cargo, and run.
//!
//! Each net has a folder, and all share what cargo builds, so that only the first training waits for the libraries.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cnn_train::Job;
use serde_json::Value;

use super::source::{FUNCTION, Source, function};
use crate::failure::Failure;
use crate::manifest;

/// What to do if cargo doesn't find the crates.
const LOST: &str = concat!(
    "cargo found no crate `cnn` ",
    env!("CARGO_PKG_VERSION"),
    ", the version of this program: `--path CHECKOUT` builds with a checkout of the repository"
);

/// A crate that was written.
pub(super) struct Build {
    folder: PathBuf,
    /// Where cargo puts what it builds.
    target: PathBuf,
    package: String,
    /// Whether it is built with a checkout.
    is_local: bool,
}

impl Build {
    /// Writes the crate, with `cnn` of this version or of a checkout.
    pub(super) fn new(source: &Source, checkout: Option<&Path>) -> Result<Self, Failure> {
        let cache = cache();
        let full = std::path::absolute(&source.path).map_err(|error| Failure::unreadable(&source.path, &error))?;
        let key = blake3::hash(format!("{}::{}", full.display(), source.net).as_bytes()).to_hex();
        let package = format!("train-{}-{}", source.net.to_lowercase(), &key[..8]);
        let folder = cache.join(&package);
        let build = Self { target: cache.join("target"), package, folder, is_local: checkout.is_some() };
        let checkout = checkout.map(absolute).transpose()?;
        build.write("Cargo.toml", &build.manifest(checkout.as_deref())?)?;
        let file = file_name(&source.path);
        build.write(&format!("src/{file}"), &with_function(source))?;
        build.write("src/main.rs", &main(&file))?;
        let lock = build.folder.join("Cargo.lock");
        if let Some(checkout) = checkout.filter(|_| !lock.exists()) {
            // The versions that the checkout was tested with; cargo takes its own if there are none.
            let _ = fs::copy(checkout.join("Cargo.lock"), lock);
        }
        Ok(build)
    }

    /// Writes a file, unless it already has this text: cargo would build it again.
    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.folder.join(name);
        let unwritable = |error: io::Error| Failure::of_file(&path, format_args!("cannot be written: {error}"));
        if fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
            return Ok(());
        }
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(unwritable)?;
        fs::write(&path, text).map_err(unwritable)
    }

    fn manifest(&self, checkout: Option<&Path>) -> Result<String, Failure> {
        let dependency = |name: &str, folder: &str, features: &str| -> Result<String, Failure> {
            match checkout {
                None => Ok(format!("{name} = {{ version = \"{}\"{features} }}", env!("CARGO_PKG_VERSION"))),
                Some(checkout) => {
                    Ok(format!("{name} = {{ path = {}{features} }}", manifest::path(&checkout.join(folder))?))
                }
            }
        };
        let [cnn, train] =
            [dependency("cnn", "", ", features = [\"train\"]")?, dependency("cnn-train", "cnn-train", "")?];
        let package = &self.package;
        Ok(format!(
            "# Written by `cnn train`.\n[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
             [dependencies]\n{cnn}\n{train}\n\n[workspace]\n"
        ))
    }

    /// Builds the program and runs it in place of this one. What cargo and the program say goes to the user as it is.
    pub(super) fn run(&self, job: &Job) -> Result<(), Failure> {
        let job = serde_json::to_string(job)
            .map_err(|_| Failure::Message("paths must be Unicode for a net of a file".to_owned()))?;
        let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut build = Command::new(&cargo);
        build.args(["build", "--release", "--message-format", "json-render-diagnostics"]);
        build.arg("--manifest-path").arg(self.folder.join("Cargo.toml")).arg("--target-dir").arg(&self.target);
        if !io::stderr().is_terminal() {
            build.arg("--quiet");
        }
        let built = build.stdin(Stdio::inherit()).stderr(Stdio::inherit()).output().map_err(|error| {
            Failure::Message(format!(
                "{} cannot be started: {error}: a net of a file needs Rust, https://rustup.rs",
                cargo.display()
            ))
        })?;
        if !built.status.success() {
            // Without a lock file, cargo did not even find all crates.
            let is_lost = !self.is_local && !self.folder.join("Cargo.lock").exists();
            return Err(if is_lost { Failure::Message(LOST.to_owned()) } else { Failure::Reported });
        }
        let program = program(&built.stdout).ok_or_else(|| Failure::Message("cargo built no program".to_owned()))?;
        replaced(Command::new(program).arg(job))
    }
}

/// The program that cargo has built, by its messages: where that is depends on cargo's configuration.
fn program(messages: &[u8]) -> Option<PathBuf> {
    let executable = |line: &[u8]| -> Option<PathBuf> {
        let message: Value = serde_json::from_slice(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    };
    messages.rsplit(|byte| *byte == b'\n').find_map(executable)
}

/// Runs a program in place of this one, so that signals reach it.
#[cfg(unix)]
fn replaced(command: &mut Command) -> Result<(), Failure> {
    use std::os::unix::process::CommandExt as _;

    let error = command.exec();
    Err(Failure::Message(format!("the program that trains cannot be started: {error}")))
}

#[cfg(not(unix))]
fn replaced(command: &mut Command) -> Result<(), Failure> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::Reported),
        Err(error) => Err(Failure::Message(format!("the program that trains cannot be started: {error}"))),
    }
}

/// The folder for all that can be made again.
fn cache() -> PathBuf {
    let of = |name: &str| env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let cache = of("XDG_CACHE_HOME").or_else(|| of("LOCALAPPDATA")).or_else(|| Some(env::home_dir()?.join(".cache")));
    cache.unwrap_or_else(env::temp_dir).join("cnn").join("train")
}

fn absolute(checkout: &Path) -> Result<PathBuf, Failure> {
    let full = std::path::absolute(checkout).map_err(|error| Failure::unreadable(checkout, &error))?;
    if full.join("cnn-train").join("Cargo.toml").is_file() {
        return Ok(full);
    }
    Err(Failure::of_file(checkout, "is no checkout of the repository of `cnn`: it has no folder cnn-train"))
}

/// The name that messages of the compiler have: the file's own, if that can be in a path attribute as it is.
fn file_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if is_plain && name != "main.rs" && name.ends_with(".rs") { name } else { "net.rs".to_owned() }
}

/// The net may be private to its file.
fn with_function(source: &Source) -> String {
    format!("{}\n{}", source.text, function(&source.entry))
}

fn main(file: &str) -> String {
    format!(
        "//! Written by `cnn train`.\n\n#![allow(warnings)]\n\n#[path = \"{file}\"]\nmod net;\n\n\
         fn main() -> std::process::ExitCode {{\n    net::{FUNCTION}()\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::program;

    #[test]
    fn cargo_says_where_the_program_is() {
        let messages = br#"{"reason":"compiler-artifact","target":{"name":"cnn"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"train-net"},"executable":"/target/aarch64-apple-darwin/release/train-net"}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(program(messages).as_deref(), Some(Path::new("/target/aarch64-apple-darwin/release/train-net")));
        assert_eq!(program(b"{}\nno message\n"), None);
    }
}
