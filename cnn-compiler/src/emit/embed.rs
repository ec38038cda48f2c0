//! Weights in the binary.
//!
//! Few are a byte string among the tokens. More would cost rustc gigabytes and minutes, even through `include_bytes!`; they
//! are packed into a file beside what rustc writes, which the assembler includes (`.incbin`) where the object format is
//! ELF. That file is kept, and packed again only when the weights change.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsString;
use std::fs;
use std::hash::Hasher as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use cnn_runtime::graph::Graph;
use cnn_runtime::weights::{Files, Unreadable, load};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::values::number;
use crate::ast::Embed;
use crate::plan::Plan;
use crate::report::Report;

/// Packed weights of at most so many bytes are a byte string.
const LITERAL_BYTES: usize = 1 << 20;

/// The packed weights of a net.
pub(crate) struct Embedded {
    packed: Packed,
    /// Make the compiler look at the files of the weights, so that a changed one rebuilds the crate.
    files: Vec<TokenStream>,
}

enum Packed {
    /// Little-endian floats.
    Literal(Literal),
    /// A file of such, and the symbol they get.
    File { path: String, symbol: String },
}

impl Embedded {
    pub(super) fn tokens(&self, packed_len: usize) -> TokenStream {
        let (files, len) = (&self.files, number(packed_len));
        let floats = match &self.packed {
            Packed::Literal(bytes) => quote! {
                static FLOATS: rt::Aligned<#len> = rt::Aligned::from_le_bytes(#bytes);
            },
            Packed::File { path, symbol } => included(path, symbol, packed_len),
        };
        quote! {
            #(
                /// Rebuilds the crate when the file changes.
                const _: &[rt::u8] = ::core::include_bytes!(#files);
            )*
            #floats
            static EMBEDDED: Weights = Weights { packed: rt::Packed::Embedded(&FLOATS) };
        }
    }
}

/// A file as a static: by the assembler where that is known to work, else by rustc.
fn included(path: &str, symbol: &str, packed_len: usize) -> TokenStream {
    let len = number(packed_len);
    let assembly = format!(
        ".pushsection .rodata.{symbol},\"a\",%progbits\n.balign 64\n.globl {symbol}\n.hidden {symbol}\n{symbol}:\n\
         .incbin \"{}\"\n.popsection",
        path.replace('\\', "\\\\").replace('"', "\\\"")
    );
    let elf = quote! {
        all(
            any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "none"),
            any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64", target_arch = "arm",
                target_arch = "riscv64", target_arch = "riscv32"),
        )
    };
    quote! {
        #[cfg(#elf)]
        #[allow(unsafe_code, reason = "a symbol that the assembler defines just above")]
        mod floats {
            ::core::arch::global_asm!(#assembly, options(raw));

            unsafe extern "C" {
                #[link_name = #symbol]
                pub(super) safe static FLOATS: ::cnn::__rt::Aligned<#len>;
            }
        }
        #[cfg(#elf)]
        use floats::FLOATS;

        #[cfg(not(#elf))]
        static FLOATS: rt::Aligned<#len> = rt::Aligned::from_le_bytes(::core::include_bytes!(#path));
    }
}

/// Reads and packs the file of a `#[weights("…")]`, whose path is counted from the crate's root.
pub(crate) fn embed(embed: &Embed, graph: &Graph<'_>, plan: &Plan, report: &mut Report) -> Option<Embedded> {
    let relative = embed.path.value();
    let full = crate_root().join(&relative);
    let packed = match Files::open(&full) {
        Ok(files) => pack(embed, &files, graph, plan),
        Err(why) => Err(unreadable(&full, &relative, why)),
    };
    match packed {
        Ok(packed) => Some(Embedded { packed, files: tracked(&full) }),
        Err(message) => {
            report.error(embed.path.span(), message);
            None
        }
    }
}

fn unreadable(full: &Path, relative: &str, why: Unreadable) -> String {
    let cause = match fs::metadata(full) {
        // The system's own words differ from one to the next.
        Err(error) if error.kind() == io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => match why {
            Unreadable::File { error, .. } => error,
            why => why.to_string(),
        },
    };
    let wrong = format!("can't read the weights `{relative}`: {cause}");
    format!("{wrong}\nhelp: the path is counted from the crate's root, where Cargo.toml is")
}

fn crate_root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default().into()
}

/// The weights' files, for `include_bytes!`: what is read is what the crate depends on.
fn tracked(full: &Path) -> Vec<TokenStream> {
    let shards = Files::paths(full).unwrap_or_default();
    let index = (!shards.iter().any(|path| path == full)).then(|| full.to_path_buf());
    let root = crate_root();
    let all = index.into_iter().chain(shards);
    all.map(|path| match path.strip_prefix(&root).ok().and_then(Path::to_str) {
        Some(relative) if !root.as_os_str().is_empty() => {
            let behind = format!("/{relative}");
            quote!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #behind))
        }
        _ => {
            let path = path.to_string_lossy();
            quote!(#path)
        }
    })
    .collect()
}

/// The packed weights, as a literal or in a file; else what is wrong.
fn pack(embed: &Embed, files: &Files, graph: &Graph<'_>, plan: &Plan) -> Result<Packed, String> {
    let rules: Vec<(String, String)> = embed.rename.iter().map(|(from, to)| (from.value(), to.value())).collect();
    let rules: Vec<(&str, &str)> = rules.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    let relative = embed.path.value();
    let bytes = || {
        let mut packed = vec![0.0; plan.packed_len];
        load(graph, &plan.recipe, &files.source().rename(&rules), &mut packed)
            .map_err(|error| format!("`{relative}`: {error}"))?;
        Ok(packed.iter().flat_map(|float: &f32| float.to_le_bytes()).collect::<Vec<u8>>())
    };
    if plan.packed_len * size_of::<f32>() <= LITERAL_BYTES {
        return Ok(Packed::Literal(Literal::byte_string(&bytes()?)));
    }
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let key = hash(&(graph.name, &rules, &relative, format!("{:?}", plan.recipe), env!("CARGO_PKG_VERSION")));
    // One crate can be in a program twice, as two versions: rustc is then called with other arguments.
    let symbol = format!("cnn_weights_{:016x}", hash(&(key, &arguments)));
    let path = out_dir(&arguments).join(format!("{}-{key:016x}.weights", graph.name.to_lowercase()));
    let sources = Files::paths(crate_root().join(&relative)).unwrap_or_default();
    let stamp = hash(&sources.iter().map(|path| changed(path)).collect::<Vec<_>>());
    keep(&path, stamp, plan.packed_len, bytes)?;
    let path = path.to_str().ok_or_else(|| format!("the path {} is not UTF-8", path.display()))?;
    Ok(Packed::File { path: path.to_owned(), symbol })
}

/// The same number for the same value, in every run.
fn hash(value: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Length and time of change of a file.
fn changed(path: &Path) -> Option<(u64, u128)> {
    let metadata = fs::metadata(path).ok()?;
    let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((metadata.len(), changed.as_nanos()))
}

/// Where rustc writes: cargo's folder for this profile. Elsewhere (an IDE's server, a plain rustc) the system's for
/// temporary files.
fn out_dir(arguments: &[OsString]) -> PathBuf {
    let out_dir = arguments.iter().skip_while(|argument| *argument != "--out-dir").nth(1);
    out_dir.map_or_else(std::env::temp_dir, |folder| std::path::absolute(folder).unwrap_or_else(|_| folder.into()))
}

/// Packs into a file, unless it is there already, made from the same weights.
fn keep(path: &Path, stamp: u64, len: usize, bytes: impl FnOnce() -> Result<Vec<u8>, String>) -> Result<(), String> {
    let stamp_path = path.with_extension("stamp");
    let whole = fs::metadata(path).is_ok_and(|metadata| metadata.len() == (len * size_of::<f32>()) as u64);
    if whole && fs::read(&stamp_path).is_ok_and(|found| found == stamp.to_le_bytes()) {
        return Ok(());
    }
    let bytes = bytes()?;
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = fs::write(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| fs::write(&stamp_path, stamp.to_le_bytes()));
    written.map_err(|error| format!("can't write the packed weights to {}: {error}", path.display()))
}
