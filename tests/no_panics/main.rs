//! `forward` does not panic, and has no code for CPUs that it can't run on: without the standard library, no panic and no other
//! instruction set is linked.
//!
//! The test builds a program as for a microcontroller, with every net of `support/nets.rs`, and LeNet-5 and ResNet-50 with embedded
//! weights, and inspects all its code after link-time optimisation. Any panic there is reached from `forward`: nothing else is
//! exported.

#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use models::{ResNet50, seeded};
use object::read::elf::{ElfFile64, ElfSymbol64};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget, SymbolKind};
use rustc_demangle::demangle;

#[test]
fn nothing_panics_and_no_other_instruction_set_is_linked() {
    let program = Program::write();
    program.check("x86-64", &["scalar"]);
    program.check("x86-64-v3", &["avx2"]);
    // Half a panel is an AVX2 vector.
    program.check("x86-64-v4", &["avx2", "avx512"]);
}

/// The names of what each function refers to.
type References = BTreeMap<String, BTreeSet<String>>;

/// Words in the names of functions of the core library that panic.
const PANICS: [&str; 4] = ["panic", "_fail", "expect", "unwrap"];

fn panics(name: &str) -> bool {
    name.starts_with("core::") && PANICS.iter().any(|word| name.contains(word))
}

/// The functions of an object file, each in its own section.
fn references(object: &[u8]) -> References {
    let object: ElfFile64<'_> = ElfFile64::parse(object).expect("an object file");
    let name = |symbol: &ElfSymbol64<'_, '_>| format!("{:#}", demangle(symbol.name().unwrap_or_default()));
    let section = |symbol: &ElfSymbol64<'_, '_>| symbol.section_index().map(|index| index.0);
    let functions = || object.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text);
    // References to the program's own functions go through their sections.
    let of_section: BTreeMap<_, _> = functions().map(|function| (section(&function), name(&function))).collect();
    let referred = |target| match target {
        RelocationTarget::Symbol(index) => {
            let symbol = object.symbol_by_index(index).ok()?;
            of_section.get(&section(&symbol)).cloned().or_else(|| Some(name(&symbol)))
        }
        _ => None,
    };
    let used = |function: &ElfSymbol64<'_, '_>| {
        let section = function.section_index().and_then(|index| object.section_by_index(index).ok());
        section
            .into_iter()
            .flat_map(|section| section.relocations())
            .filter_map(|(_, to)| referred(to.target()))
            .collect()
    };
    functions().map(|function| (name(&function), used(&function))).collect()
}

/// A crate as for a microcontroller.
struct Program {
    folder: PathBuf,
}

impl Program {
    /// Checks the program for a CPU, which may contain only these modules of `simd`.
    fn check(&self, cpu: &str, modules: &[&str]) {
        let references = references(&fs::read(self.object(cpu)).expect("the object file can be read"));
        assert!(references.contains_key("embedded_resnet50"), "nothing is exported");
        let callers = references.iter().filter(|(function, _)| !panics(function));
        let bad = callers
            .flat_map(|(function, used)| used.iter().filter(|name| panics(name)).map(move |name| (function, name)));
        let bad: Vec<String> = bad.map(|(function, name)| format!("{function} refers to {name}\n")).collect();
        assert!(bad.is_empty(), "{cpu}:\n{}", bad.concat());
        for module in ["scalar", "avx2", "avx512"] {
            let path = format!("simd::{module}::");
            let found = references.keys().any(|function| function.contains(&path));
            assert_eq!(found, modules.contains(&module), "{module} in {cpu}");
        }
    }

    /// The object file of all code for a CPU.
    fn object(&self, cpu: &str) -> PathBuf {
        let (target, host) = (self.folder.join("target"), "x86_64-unknown-linux-gnu");
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["rustc", "--offline", "--release", "--target", host, "--", "--emit", "obj"])
            .current_dir(&self.folder);
        for name in ["CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_BUILD_RUSTFLAGS"] {
            cargo.env_remove(name);
        }
        // With an explicit target, these flags don't apply to the macro.
        cargo.env("RUSTFLAGS", format!("-C target-cpu={cpu}")).env("CARGO_TARGET_DIR", &target);
        let output = cargo.output().expect("cargo can be run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        target.join(host).join("release/deps/no_panics_program.o")
    }

    /// Writes the crate.
    fn write() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no_panics");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let write = |path: &str, text: &[u8]| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a file in a folder")).expect("the folder can be made");
            // Unchanged files are left alone, so they are not rebuilt.
            if fs::read(&path).ok().as_deref() != Some(text) {
                fs::write(path, text).expect("the file can be written");
            }
        };
        let read = |path: &str| fs::read(root.join(path)).expect("the file can be read");
        let manifest = format!(
            "[package]\nname = \"no-panics-program\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n\
         [dependencies]\ncnn = {{ path = {root:?}, default-features = false, features = [\"train\"] }}\n\
         [profile.release]\ncodegen-units = 1\nlto = true\npanic = \"abort\"\n[workspace]\n"
        );
        write("Cargo.toml", manifest.as_bytes());
        write("Cargo.lock", &read("Cargo.lock"));
        write("src/lib.rs", include_str!("program.rs").replace("ROOT", &root.display().to_string()).as_bytes());
        let resnet = String::from_utf8(read("models/src/resnet.rs")).expect("text");
        let without_pictures = resnet.lines().filter(|line| !line.contains("#[doc = include_str!"));
        let with_weights = without_pictures.map(|line| match line.contains("pub ResNet50:") {
            true => format!("#[weights(\"weights/resnet50.safetensors\")]\n{line}\n"),
            false => format!("{line}\n"),
        });
        write("src/resnet.rs", with_weights.collect::<String>().as_bytes());
        write("weights/lenet5.safetensors", &read("models/weights/lenet5.safetensors"));
        write("weights/resnet50.safetensors", &seeded::weights(ResNet50::GRAPH, ""));
        Self { folder }
    }
}
