//! Rust paths in a declaration, to the user's functions and types, which only rustc can resolve.

use std::fmt;
use std::rc::Rc;

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens as _;
use syn::{GenericArgument, Path, PathArguments, Token, Type};

use crate::report::Place;

/// `layers::Coordinates<3>`
#[derive(Clone)]
pub struct RustPath(Rc<Path>);

impl RustPath {
    pub(crate) fn new(path: Path) -> Self {
        Self(Rc::new(path))
    }

    /// A path that is one word, unless that is a keyword.
    pub(crate) fn of_word(word: &str, span: Span) -> Option<Self> {
        let mut ident: Ident = syn::parse_str(word).ok()?;
        ident.set_span(span);
        Some(Self::new(ident.into()))
    }

    /// All of its tokens.
    pub(crate) fn place(&self) -> Place {
        let spans = self.0.to_token_stream().into_iter().map(|token| Place::from(token.span()));
        spans.reduce(Place::to).unwrap_or_else(|| Span::call_site().into())
    }

    /// The tokens, for the place of an expression or of a type.
    pub(crate) fn tokens(&self) -> TokenStream {
        let Some(mut path) = self.copied() else { return self.0.to_token_stream() };
        for segment in &mut path.segments {
            if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
                let span = arguments.lt_token.spans[0];
                arguments.colon2_token.get_or_insert(Token![::](span));
            }
        }
        path.into_token_stream()
    }

    /// Visits what is in angle brackets and may be a number of the language: a word, or an expression in braces.
    pub(crate) fn visit(&self, visit: &mut dyn FnMut(&GenericArgument)) {
        // The same way, on a copy.
        self.replaced(&mut |argument| {
            visit(argument);
            None
        });
    }

    /// The same with numbers in place of what is in angle brackets, where `number` knows one.
    pub(crate) fn replaced(&self, number: &mut dyn FnMut(&GenericArgument) -> Option<GenericArgument>) -> Self {
        let Some(mut path) = self.copied() else { return self.clone() };
        replace_in(&mut path, number);
        Self::new(path)
    }

    /// A copy that can be changed. `syn` is compiled without what clones its types.
    fn copied(&self) -> Option<Path> {
        syn::parse2(self.0.to_token_stream()).ok()
    }
}

fn replace_in(path: &mut Path, number: &mut dyn FnMut(&GenericArgument) -> Option<GenericArgument>) {
    let lists = path.segments.iter_mut().filter_map(|segment| match &mut segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(arguments),
        PathArguments::None | PathArguments::Parenthesized(_) => None,
    });
    for argument in lists.flat_map(|list| &mut list.args) {
        if let Some(found) = number(argument) {
            *argument = found;
        } else if let GenericArgument::Type(Type::Path(inner)) = argument {
            replace_in(&mut inner.path, number);
        }
    }
}

/// As `cnn_net::language` reads it.
impl fmt::Display for RustPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_path(&self.0, f)
    }
}

impl fmt::Debug for RustPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn write_path(path: &Path, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, segment) in path.segments.iter().enumerate() {
        if index > 0 || path.leading_colon.is_some() {
            f.write_str("::")?;
        }
        write!(f, "{}", segment.ident)?;
        if let PathArguments::AngleBracketed(arguments) = &segment.arguments {
            for (index, argument) in arguments.args.iter().enumerate() {
                f.write_str(if index == 0 { "<" } else { ", " })?;
                match argument {
                    GenericArgument::Type(Type::Path(inner)) if inner.qself.is_none() => write_path(&inner.path, f)?,
                    // A number may have a sign.
                    other => f.write_str(&other.to_token_stream().to_string().replacen("- ", "-", 1))?,
                }
            }
            f.write_str(">")?;
        }
    }
    Ok(())
}
