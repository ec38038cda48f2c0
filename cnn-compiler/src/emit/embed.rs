//! Weights in the binary.
//!
//! Small ones are a byte string among the tokens. Larger ones would cost rustc gigabytes and tens of seconds, so they are
//! packed into a file next to rustc's output ([`kept`]), which the assembler includes (`.incbin`) where the object format
//! is ELF, and `include_bytes!` elsewhere.
//!
//! rustc does not look into that file when it decides what has changed. So the file and the symbol are named by a hash of
//! the content. The same symbol means the same bytes, wherever in a program it is defined: each definition is a section
//! group (COMDAT), of which the linker keeps one, or the assembler where it sees several at once.
//!
//! Where no code is generated (`cargo check`, rustdoc, an editor, see [`invocation`]), the weights are checked but not
//! packed.

mod invocation;
mod kept;

use std::path::{Path, PathBuf};

use cnn_net::graph::Graph;
use cnn_runtime::kernels::minibatch::pack::PackStep;
use cnn_runtime::place::packed::{Aligned, bytes};
use cnn_runtime::step::{self, StepLayout};
use cnn_runtime::weights::{Files, Source, Unreadable, WeightsError, load, verify};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use syn::LitStr;

use self::invocation::Invocation;
use self::kept::Kept;
use super::values::number;
use crate::ast::{self, Embed, Model};
use crate::files::{full_path, tracked, unicode, unreadable};
use crate::plan::Plan;
use crate::report::Report;
use crate::train::StepPlan;

/// Packed weights up to this many bytes are a byte string.
const LITERAL_BYTES: usize = 1 << 20;

/// The packed weights of a net.
pub(crate) struct Embedded {
    packed: Packed,
    /// Whether floats are big-endian.
    is_big_endian: bool,
    /// Lets the compiler track the weight files, so that a changed one rebuilds the crate.
    files: Vec<TokenStream>,
}

enum Packed {
    Literal(Literal),
    /// A file, and the symbol it gets.
    File {
        path: String,
        symbol: String,
    },
    /// Not packed, since no code is generated.
    Checked {
        is_literal: bool,
    },
    /// Those of the net whose weights a variant shares.
    Shared,
}

impl Embedded {
    /// What the net has whose weights a variant shares.
    pub(crate) fn shared() -> Self {
        Self { packed: Packed::Shared, is_big_endian: false, files: Vec::new() }
    }

    pub(super) fn is_shared(&self) -> bool {
        matches!(self.packed, Packed::Shared)
    }

    /// The packed weights of a net.
    pub(super) fn tokens(&self, packed_len: usize) -> TokenStream {
        if self.is_shared() {
            return TokenStream::new();
        }
        let (files, floats) = (&self.files, self.floats(packed_len));
        quote! {
            #(
                /// Rebuilds the crate when the file changes.
                const _: &[rt::u8] = ::core::include_bytes!(#files);
            )*
            #floats
            static EMBEDDED: Weights = Weights { packed: rt::Packed::Embedded(&FLOATS) };
        }
    }

    /// The weights that a trainer of a net begins with.
    pub(super) fn trained(&self, name: &Ident, layout: &StepLayout<'_>) -> TokenStream {
        let floats = self.floats(layout.embedded());
        quote! {
            #floats

            impl rt::TrainEmbedded for #name<'static> {
                fn embedded() -> &'static [rt::f32] {
                    &FLOATS
                }
            }
        }
    }

    /// The static `FLOATS`.
    fn floats(&self, packed_len: usize) -> TokenStream {
        let len = number(packed_len);
        match &self.packed {
            Packed::Literal(literal) => self.converted(packed_len, &quote!(#literal)),
            Packed::File { path, symbol } => {
                let assembly = assembly(path, symbol, packed_len);
                let bytes = quote!(::core::include_bytes!(#path));
                self.included(packed_len, &assembly, symbol, &self.converted(packed_len, &bytes))
            }
            Packed::Shared => TokenStream::new(),
            Packed::Checked { is_literal } => {
                let zeros = quote!(static FLOATS: rt::Aligned<#len> = rt::Aligned::ZEROS;);
                let symbol = "cnn_weights_of_a_mere_check";
                if *is_literal { zeros } else { self.included(packed_len, "", symbol, &zeros) }
            }
        }
    }

    /// Bytes as a static, by rustc. They are copied in one go if they are in the target's byte order.
    fn converted(&self, packed_len: usize, bytes: &TokenStream) -> TokenStream {
        let len = number(packed_len);
        let convert = format_ident!("from_{}_bytes", if self.is_big_endian { "be" } else { "le" });
        quote!(static FLOATS: rt::Aligned<#len> = rt::Aligned::#convert(#bytes);)
    }

    /// A static that the assembler defines where that is known to work, and `other` elsewhere.
    fn included(&self, packed_len: usize, assembly: &str, symbol: &str, other: &TokenStream) -> TokenStream {
        let len = number(packed_len);
        let endian = if self.is_big_endian { "big" } else { "little" };
        let elf = quote! {
            all(
                any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "none"),
                any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64", target_arch = "arm",
                    target_arch = "riscv64", target_arch = "riscv32"),
                target_endian = #endian,
                not(miri),
            )
        };
        quote! {
            #[cfg(#elf)]
            #[allow(unsafe_code, reason = "an assembler's directives define the symbol below")]
            mod assembly {
                ::core::arch::global_asm!(#assembly, options(raw));
            }
            #[cfg(#elf)]
            #[allow(unsafe_code, reason = "a symbol that the assembler defines just above")]
            unsafe extern "C" {
                #[link_name = #symbol]
                safe static FLOATS: rt::Aligned<#len>;
            }

            #[cfg(not(#elf))]
            #other
        }
    }
}

/// The directives that define the symbol, once in each run of the assembler and once in each program.
fn assembly(path: &str, symbol: &str, packed_len: usize) -> String {
    let (align, len) = (align_of::<Aligned<0>>(), packed_len * size_of::<f32>());
    let path = escaped(path);
    [
        format!(".ifndef {symbol}"),
        format!(".pushsection .rodata.{symbol},\"aG\",%progbits,{symbol},comdat"),
        format!(".balign {align}\n.weak {symbol}\n.hidden {symbol}\n.type {symbol},%object\n.size {symbol},{len}"),
        // A file that is cut short meanwhile must not end the floats early, where other data follows.
        format!("{symbol}:\n.incbin \"{path}\"\n.org {symbol}+{len}"),
        ".popsection\n.endif".to_owned(),
    ]
    .join("\n")
}

/// A path, escaped for a string of the assembler.
fn escaped(path: &str) -> String {
    let escape = |byte: u8| match byte {
        b'"' | b'\\' | ..b' ' | 0x7f.. => format!("\\{byte:03o}"),
        _ => char::from(byte).to_string(),
    };
    path.bytes().map(escape).collect()
}

/// What is packed of a file.
#[derive(Clone, Copy)]
pub(crate) enum Content<'a> {
    /// The weights that a net runs with.
    Net(&'a Plan),
    /// The weights that a trainer begins with.
    Trainer(&'a StepPlan),
}

impl Content<'_> {
    /// How many floats it is.
    fn len(self) -> usize {
        match self {
            Self::Net(plan) => plan.packed_len,
            Self::Trainer(plan) => plan.layout().embedded(),
        }
    }

    fn pack(self, graph: &Graph<'_>, source: &Source<'_>) -> Result<Vec<f32>, WeightsError> {
        match self {
            Self::Net(plan) => {
                let mut packed = vec![0.0; plan.packed_len];
                load(graph, &plan.recipe(), source, &mut packed)?;
                Ok(packed)
            }
            Self::Trainer(plan) => {
                let trunk: Vec<PackStep> = plan.trunk.iter().map(|pack| pack.step).collect();
                step::embedded(graph, &plan.layout(), &trunk, source)
            }
        }
    }

    /// What its file is named by, besides the unit and the content.
    fn owner(self, graph: &Graph<'_>) -> String {
        match self {
            Self::Net(_) => graph.name.to_owned(),
            Self::Trainer(_) => format!("{}.trainer", graph.name),
        }
    }
}

/// Reads, checks and packs the file of a `#[weights("…")]`.
pub(crate) fn embed(embed: &Embed, graph: &Graph<'_>, content: Content<'_>, report: &mut Report) -> Option<Embedded> {
    reported(of_file(embed, graph, content), &embed.path, report)
}

/// Packs the weights of a model. The crate depends on its file already, for the layers.
pub(crate) fn embed_model(
    (model, read): (&Model, &ast::Content),
    graph: &Graph<'_>,
    content: Content<'_>,
    report: &mut Report,
) -> Option<Embedded> {
    let embedded = embedded(&model.path.value(), &Source::new(&read.weights), graph, content);
    reported(embedded, &model.path, report)
}

fn reported(embedded: Result<Embedded, String>, at: &LitStr, report: &mut Report) -> Option<Embedded> {
    embedded.map_err(|message| report.error(at.span(), message)).ok()
}

/// The packed weights of a file, or what is wrong.
fn of_file(embed: &Embed, graph: &Graph<'_>, content: Content<'_>) -> Result<Embedded, String> {
    let relative = embed.path.value();
    let full = full_path(&relative);
    let files = Files::open(&full).map_err(|why| match why {
        Unreadable::File { error, .. } => unreadable("weights", &relative, &error.to_string()),
        why => unreadable("weights", &relative, &why.to_string()),
    })?;
    let rules: Vec<(String, String)> = embed.rename.iter().map(|(from, to)| (from.value(), to.value())).collect();
    let rules: Vec<(&str, &str)> = rules.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    let embedded = embedded(&relative, &files.source().rename(&rules), graph, content)?;
    Ok(Embedded { files: tracked(&weight_files(&full))?, ..embedded })
}

/// The packed weights of a source that errors call `name`, or what is wrong.
fn embedded(name: &str, source: &Source<'_>, graph: &Graph<'_>, content: Content<'_>) -> Result<Embedded, String> {
    let invocation = Invocation::of_process();
    let unfit = |error: WeightsError| format!("`{name}`: {error}");
    let packed = if invocation.makes_code {
        let packed = content.pack(graph, source).map_err(unfit)?;
        keep(&invocation, &content.owner(graph), &in_order(&packed, invocation.is_big_endian))?
    } else {
        verify(graph, source).map_err(unfit)?;
        Packed::Checked { is_literal: content.len() * size_of::<f32>() <= LITERAL_BYTES }
    };
    Ok(Embedded { packed, is_big_endian: invocation.is_big_endian, files: Vec::new() })
}

/// The files that weights are read from.
fn weight_files(full: &Path) -> Vec<PathBuf> {
    let shards = Files::paths(full).unwrap_or_default();
    let index = (!shards.iter().any(|path| path == full)).then(|| full.to_path_buf());
    index.into_iter().chain(shards).collect()
}

/// Bytes in the target's byte order.
fn in_order(packed: &[f32], is_big_endian: bool) -> Vec<u8> {
    let mut bytes = bytes(packed).to_vec();
    if is_big_endian != cfg!(target_endian = "big") {
        bytes.chunks_exact_mut(size_of::<f32>()).for_each(<[u8]>::reverse);
    }
    bytes
}

/// Packed weights as a literal, or in a file.
fn keep(invocation: &Invocation, owner: &str, bytes: &[u8]) -> Result<Packed, String> {
    let unit = hash(format!("{:?}", (&invocation.unit, owner)).as_bytes());
    let name: String = owner.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    let folder = invocation.folder.as_path();
    let kept = Kept { folder, prefix: format!("{}-{}-", name.to_lowercase(), &unit[..16]) };
    if bytes.len() <= LITERAL_BYTES || !kept.has_folder() {
        kept.remove_old();
        return Ok(Packed::Literal(Literal::byte_string(bytes)));
    }
    let hash = hash(bytes);
    let path = kept.keep(&hash, bytes);
    let path = path.map_err(|error| format!("can't write the packed weights into {}: {error}", folder.display()))?;
    Ok(Packed::File { path: unicode(&path)?.to_owned(), symbol: format!("cnn_weights_{hash}") })
}

/// Equal for equal bytes, and for no others.
fn hash(bytes: &[u8]) -> String {
    // Half of a hash is enough to rule out collisions.
    blake3::hash(bytes).to_hex()[..32].to_owned()
}
