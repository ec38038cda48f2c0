//! Writes a test for each case of `cases.json`: a net in the language, and the expected numbers.

mod cases;
mod nets;
mod tests;

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=cases.json");
    let cases = cases::parse(&fs::read_to_string("cases.json")?)?;
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(Path::new(&out).join("cases.rs"), tests::write(&cases)?)?;
    Ok(())
}
