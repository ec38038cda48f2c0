//! How rustc was called: whether it generates code, for which byte order, and where it writes.
//!
//! A procedural macro gets none of this as input. It runs inside rustc, so the arguments of its process are rustc's; or
//! inside rustdoc or an editor's language server, which generate no code.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// What emitted code depends on.
#[derive(Debug, PartialEq)]
pub(super) struct Invocation {
    /// Whether code is generated, as opposed to a mere check.
    pub(super) makes_code: bool,
    /// Whether the target's byte order is big-endian. Guessed from its name; the emitted code is right either way.
    pub(super) is_big_endian: bool,
    /// Where rustc writes.
    pub(super) folder: PathBuf,
    /// What differs between two crates that rustc writes to one folder, and stays the same when one is rebuilt.
    pub(super) unit: Vec<String>,
}

/// What `--emit` lists where code is generated.
const CODE: [&str; 6] = ["link", "obj", "asm", "llvm-ir", "llvm-bc", "thin-link-bitcode"];
/// Long options that take no value.
const FLAGS: [&str; 4] = ["help", "test", "verbose", "version"];
/// Short options that take a value.
const SHORT: [char; 9] = ['A', 'C', 'D', 'F', 'L', 'W', 'Z', 'l', 'o'];

impl Invocation {
    /// That of this process.
    pub(super) fn of_process() -> Self {
        Self::parse(env::args_os().map(lossy), env::var_os("MIRI_BE_RUSTC").is_some())
    }

    /// Miri generates no code, but runs what it checks.
    fn parse(arguments: impl IntoIterator<Item = String>, is_miri: bool) -> Self {
        let mut arguments = arguments.into_iter();
        let program = arguments.next().unwrap_or_default();
        let given = Given::parse(arguments.flat_map(expanded));
        let target = given.value("target");
        Self {
            makes_code: given.names_a_source() && (is_miri || (is_compiler(&program) && given.makes_code())),
            is_big_endian: target.map_or(cfg!(target_endian = "big"), is_big_endian),
            folder: std::path::absolute(given.folder()).unwrap_or_default(),
            unit: given.unit(),
        }
    }
}

/// rustc fails for arguments that are not Unicode.
fn lossy(argument: OsString) -> String {
    argument.to_string_lossy().into_owned()
}

/// `@path` is a file with one argument per line, which cargo writes when there are too many.
fn expanded(argument: String) -> Vec<String> {
    let text = argument.strip_prefix('@').and_then(|path| fs::read_to_string(path).ok());
    text.map_or_else(|| Vec::from([argument]), |text| text.lines().map(str::to_owned).collect())
}

/// Not rustdoc, nor an editor's server.
fn is_compiler(program: &str) -> bool {
    let name = Path::new(program).file_stem().unwrap_or_default().to_string_lossy();
    !name.starts_with("rustdoc") && !name.starts_with("rust-analyzer")
}

/// By the name of a target, or of the file that describes it.
fn is_big_endian(target: &str) -> bool {
    let name = Path::new(target).file_name().unwrap_or_default().to_string_lossy();
    let architecture = name.split(['-', '.']).next().unwrap_or_default();
    let big = ["aarch64_be", "armeb", "bpfeb", "m68k", "mips", "powerpc", "s390x", "sparc"];
    let is_little = architecture.ends_with("le") || (architecture.starts_with("mips") && architecture.contains("el"));
    big.iter().any(|begin| architecture.starts_with(begin)) && !is_little
}

/// Arguments, taken apart as rustc does.
#[derive(Default)]
struct Given {
    /// Options with their values, in order. Short ones that also have a long name are stored under it.
    options: Vec<(String, String)>,
    flags: Vec<String>,
    /// What is not an option: the source.
    free: Vec<String>,
}

impl Given {
    fn parse(arguments: impl IntoIterator<Item = String>) -> Self {
        let mut given = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            if argument == "--" {
                given.free.extend(arguments.by_ref());
            } else if let Some(long) = argument.strip_prefix("--") {
                let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
                if FLAGS.contains(&name) {
                    given.flags.push(name.to_owned());
                } else {
                    let value = value.map(str::to_owned).or_else(|| arguments.next());
                    given.options.push((name.to_owned(), value.unwrap_or_default()));
                }
            } else if let Some(short) = argument.strip_prefix('-').filter(|short| !short.is_empty()) {
                given.short(short, &mut arguments);
            } else {
                given.free.push(argument);
            }
        }
        given
    }

    /// `-O`, `-o path`, `-opath`, `-gOo path`
    fn short(&mut self, letters: &str, arguments: &mut impl Iterator<Item = String>) {
        let Some((position, letter)) = letters.char_indices().find(|(_, letter)| SHORT.contains(letter)) else {
            return;
        };
        let attached = &letters[position + letter.len_utf8()..];
        let value = if attached.is_empty() { arguments.next().unwrap_or_default() } else { attached.to_owned() };
        let name = if letter == 'C' { "codegen".to_owned() } else { letter.to_string() };
        self.options.push((name, value));
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.options.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.values(name).last()
    }

    /// Kinds of output, and where each goes if that is given: `--emit=link,obj=path`.
    fn emitted(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let kinds = self.values("emit").flat_map(|list| list.split(','));
        kinds.map(|kind| kind.split_once('=').map_or((kind, None), |(kind, path)| (kind, Some(path))))
    }

    /// Whether there is something to compile: an editor's server is called without a source.
    fn names_a_source(&self) -> bool {
        self.free.last().is_some_and(|source| source == "-" || Path::new(source).exists())
    }

    /// Whether the result is code, as it is by default.
    fn makes_code(&self) -> bool {
        let listed = self.value("emit").is_none() || self.emitted().any(|(kind, _)| CODE.contains(&kind));
        let ends_early = |word: &str| word.starts_with("unpretty") || word == "no-codegen";
        listed && self.value("unpretty").is_none() && !self.values("Z").any(ends_early)
    }

    /// The folder of the output. rustc ignores `--out-dir` if there is an `-o`.
    fn folder(&self) -> PathBuf {
        let parent = |path: &str| Path::new(path).parent().map(Path::to_path_buf);
        let output = self.value("o").filter(|path| *path != "-").and_then(parent);
        let named = || {
            let mut paths = self.emitted().filter(|(kind, _)| CODE.contains(kind)).filter_map(|(_, path)| path);
            paths.find(|path| *path != "-").and_then(parent)
        };
        let folder = output.or_else(|| self.value("out-dir").map(PathBuf::from)).or_else(named);
        folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| PathBuf::from("."))
    }

    /// Cargo hashes all that distinguishes two units into `metadata`. The rest is for those who call rustc themselves.
    fn unit(&self) -> Vec<String> {
        let known = ["crate-name", "crate-type", "target", "o"];
        let naming = ["metadata=", "extra-filename="];
        let options = self.options.iter().filter(|(name, value)| {
            known.contains(&name.as_str()) || (name == "codegen" && naming.iter().any(|begin| value.starts_with(begin)))
        });
        let options = options.map(|(name, value)| format!("{name}={value}"));
        let paths = self.emitted().filter_map(|(kind, path)| Some(format!("{kind}={}", path?)));
        let test = self.flags.iter().filter(|flag| *flag == "test");
        options.chain(paths).chain(test.chain(&self.free).cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that exists wherever tests run.
    const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs");

    fn invocation(arguments: &str) -> Invocation {
        Invocation::parse(arguments.split_whitespace().map(|word| word.replace("SOURCE", SOURCE)), false)
    }

    #[test]
    fn what_makes_code() {
        for arguments in [
            "rustc SOURCE",
            "rustc -",
            "/usr/bin/rustc --crate-name a --edition=2024 SOURCE --crate-type lib --emit=dep-info,metadata,link -Copt-level=3",
            "rustc SOURCE --emit metadata --emit obj=a.o",
            "rustc --emit=asm=a.s SOURCE",
            "clippy-driver rustc SOURCE --emit=link",
            "sccache-driver rustc -O --cfg --emit=metadata SOURCE",
        ] {
            assert!(invocation(arguments).makes_code, "{arguments}");
        }
    }

    #[test]
    fn what_only_checks() {
        for arguments in [
            "",
            "rustc",
            "rustc SOURCE --emit=dep-info,metadata",
            "clippy-driver rustc SOURCE --emit=dep-info,metadata --test",
            "rustc SOURCE --emit dep-info=a.d -o a",
            "rustc SOURCE -Zunpretty=expanded",
            "rustc SOURCE -Z no-codegen",
            "rustdoc SOURCE -o doc",
            "/usr/lib/rustdoc.exe --test SOURCE",
            "rust-analyzer proc-macro",
            "/usr/libexec/rust-analyzer-proc-macro-srv",
            "/opt/intellij-rust-native-helper proc-macro-expander",
        ] {
            assert!(!invocation(arguments).makes_code, "{arguments}");
        }
        // Miri runs what it checks.
        assert!(Invocation::parse(["miri", SOURCE, "--emit=metadata"].map(str::to_owned), true).makes_code);
    }

    #[test]
    fn where_output_goes() {
        let here = std::env::current_dir().unwrap();
        for (arguments, folder) in [
            ("rustc SOURCE", ""),
            ("rustc SOURCE -o a", ""),
            ("rustc SOURCE -o x/a", "x"),
            ("rustc SOURCE -ox/a", "x"),
            ("rustc SOURCE -gOo x/a", "x"),
            ("rustc SOURCE --out-dir x/y", "x/y"),
            ("rustc SOURCE --out-dir=x/y", "x/y"),
            ("rustc SOURCE --out-dir=y -o x/a", "x"),
            ("rustc SOURCE --emit dep-info=z/a.d,obj=x/a.o", "x"),
            ("rustc SOURCE --emit asm=- --out-dir=x", "x"),
            ("rustc SOURCE -o - --out-dir x", "x"),
            ("rustc SOURCE --cfg --out-dir=x", ""),
            ("rustc SOURCE -C -o -L --out-dir=x --out-dir y", "y"),
            ("rustc SOURCE -o /x/a", "/x"),
        ] {
            let expected = if folder.is_empty() { here.clone() } else { here.join(folder) };
            assert_eq!(invocation(arguments).folder, expected, "{arguments}");
        }
    }

    #[test]
    fn units() {
        let cargo = "rustc --crate-name a SOURCE --emit=dep-info,link --out-dir x -C extra-filename=-1";
        let same = [" -C metadata=1", " --diagnostic-width=80 -C metadata=1 -C opt-level=3 --verbose"];
        let [first, second] = same.map(|more| invocation(&format!("{cargo}{more}")).unit);
        assert_eq!(first, second);
        let others = [
            format!("{cargo} -Cmetadata=2"),
            format!("{cargo} -C metadata=1 --test"),
            format!("{cargo} -C metadata=1 --target s390x-unknown-linux-gnu"),
            cargo.replace("crate-name a", "crate-name b") + same[0],
            cargo.replace("=-1", "=-2") + same[0],
        ];
        for other in others {
            assert_ne!(invocation(&other).unit, first, "{other}");
        }
        assert_ne!(invocation("rustc SOURCE -o a").unit, invocation("rustc SOURCE -o b").unit);
        assert_ne!(invocation("rustc SOURCE --emit=obj=a").unit, invocation("rustc SOURCE --emit=obj=b").unit);
    }

    /// All that rustc knows.
    #[test]
    fn byte_orders() {
        let rustc = |arguments: &[&str]| {
            let output = std::process::Command::new("rustc").args(arguments).output().unwrap();
            assert!(output.status.success(), "{arguments:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let mut architectures = std::collections::BTreeSet::new();
        for target in rustc(&["--print", "target-list"]).lines() {
            // One of each architecture, as each takes a process.
            if architectures.insert(target.split('-').next().unwrap().to_owned()) {
                let is_big = rustc(&["--print", "cfg", "--target", target]).contains("target_endian=\"big\"");
                assert_eq!(invocation(&format!("rustc - --target {target}")).is_big_endian, is_big, "{target}");
            }
        }
        assert!(invocation("rustc - --target=targets/aarch64_be-mine.json").is_big_endian);
        assert_eq!(invocation("rustc -").is_big_endian, cfg!(target_endian = "big"));
    }
}
