//! Puts `memory.x` where the linker script of `cortex-m-rt` looks for it.

use std::path::Path;
use std::{env, fs};

fn main() {
    let out = env::var_os("OUT_DIR").expect("cargo sets it");
    fs::copy("memory.x", Path::new(&out).join("memory.x")).expect("the folder is Cargo's");
    println!("cargo::rustc-link-search={}", Path::new(&out).display());
    println!("cargo::rerun-if-changed=memory.x");
}
