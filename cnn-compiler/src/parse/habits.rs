//! Statements written as in other languages. Each is reported once, with its equivalent here where it has one, and read as
//! what was meant, so that the rest of the net is checked too.

use proc_macro2::{Delimiter, Ident, Spacing, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative as _;
use syn::{LitInt, LitStr, Token, token};

use super::Parser;
use super::token::{is_word, skip_to};
use crate::ast::Name;
use crate::report::{Edit, Message, Place, message};

/// Modules of other frameworks and what they are called in programs, in front of a layer.
const MODULES: [&str; 9] = ["F", "functional", "keras", "layers", "nn", "self", "tf", "torch", "tfl"];

/// What types of numbers are called in Rust and in Python.
const NUMBER_TYPES: [&str; 9] = ["bf16", "f16", "f32", "f64", "float", "float32", "i8", "int8", "u8"];
/// The error for one of them next to a shape.
pub(super) const NO_NUMBER_TYPE: &str = "shapes have no type: all numbers are `f32`";

/// A name that is not written as one, up to the `:` or `=` after it.
struct Written {
    /// The parts of the name together.
    text: String,
    place: Place,
    /// `let` or `let mut`, up to the name.
    variable: Option<Place>,
    /// How many words, numbers and signs the name has.
    parts: usize,
    /// What ends it: `:` or `=`.
    mark: char,
    end: Place,
}

impl Written {
    /// Reads it, if the next tokens are a name with something after it that is no part of a pipeline.
    fn read(input: ParseStream<'_>) -> Option<Self> {
        let mut variable = None;
        if is_word(input, "let") && input.peek2(Ident::peek_any) {
            let mut place = Place::from(input.call(Ident::parse_any).ok()?.span());
            if is_word(input, "mut") {
                place = place.to(input.call(Ident::parse_any).ok()?.span());
            }
            variable = Some(place);
        }
        let (mut text, mut place, mut parts, mut after_sign) = (String::new(), None::<Place>, 0, true);
        loop {
            let token = input.parse::<TokenTree>().ok()?;
            let (here, is_sign) = (Place::from(token.span()), matches!(token, TokenTree::Punct(_)));
            match &token {
                TokenTree::Punct(mark) if matches!(mark.as_char(), ':' | '=') => {
                    let is_name = mark.spacing() == Spacing::Alone && !after_sign;
                    let mark = mark.as_char();
                    return place.filter(|_| is_name).map(|place| Self {
                        text,
                        place,
                        variable,
                        parts,
                        mark,
                        end: here,
                    });
                }
                TokenTree::Punct(mark) if matches!(mark.as_char(), '.' | '-') && !after_sign => {
                    text.push(mark.as_char());
                }
                TokenTree::Ident(word) if after_sign => text.push_str(&word.unraw().to_string()),
                TokenTree::Literal(_) if after_sign => text.push_str(&literal(&token)?),
                TokenTree::Punct(_) | TokenTree::Ident(_) | TokenTree::Literal(_) | TokenTree::Group(_) => return None,
            }
            place = Some(place.map_or(here, |place| place.to(here)));
            (parts, after_sign) = (parts + 1, is_sign);
        }
    }
}

/// The text of a literal that may be a part of a name: a number, also with a dot, or a text in quotes.
fn literal(token: &TokenTree) -> Option<String> {
    if let Ok(text) = syn::parse2::<LitStr>(token.clone().into()) {
        return Some(text.value());
    }
    let text = token.to_string();
    text.starts_with(|c: char| c.is_ascii_digit()).then_some(text)
}

impl Parser<'_> {
    /// A name in front of a step in another form: `x = …`, `let x = …`, `features.0: …`, `conv-1: …`.
    pub(super) fn name_elsewhere(&mut self, input: ParseStream<'_>) -> Option<Name> {
        let ahead = input.fork();
        let written = Written::read(&ahead)?;
        let text = written.text.strip_prefix("self.").unwrap_or(&written.text);
        let name = Name::new(text.to_owned(), written.place.ends()[0]);
        let in_our_words = name.written();
        let is_one_token = written.parts == 1;
        if written.variable.is_none() && written.mark == ':' && is_one_token {
            return None;
        }
        input.advance_to(&ahead);
        if let Some(variable) = written.variable {
            let help = format!(
                "`{in_our_words}: …` names the step; `keep NAME;` after it keeps its result for later statements"
            );
            let place = variable.to(written.end);
            let fix = Edit::instead(place, format!("{in_our_words}:"));
            self.report.error(place, message("a net has steps and no variables", &help).fix([fix]));
            return Some(name);
        }
        let mut edits = Vec::new();
        if !is_one_token {
            edits.push(Edit::instead(written.place, in_our_words.clone()));
        }
        if written.mark == '=' {
            edits.push(Edit::instead(written.end, ":"));
        }
        let (place, wrong) = match is_one_token {
            true => (written.end, "expected `:` after the name of a step, found `=`".to_owned()),
            false => (written.place, format!("expected the name of a step, found `{}`", written.text)),
        };
        let quotes = if in_our_words.starts_with('"') && !is_one_token { "put it in quotes: " } else { "" };
        let help = format!("{quotes}`{in_our_words}: …`");
        self.report.error(place, message(&wrong, &help).fix(edits));
        Some(name)
    }

    /// A comment after `#`, which is the rest of its line. Whether there was one.
    pub(super) fn comment(&mut self, input: ParseStream<'_>) -> bool {
        if !input.peek(Token![#]) || input.peek2(Token![!]) || input.peek2(token::Bracket) {
            return false;
        }
        let place = Place::from(input.span());
        let text = message("expected a statement, found `#`", "comments begin with `//`");
        self.report.error(place, text.fix([Edit::instead(place, "//")]));
        skip_to(input, |token| Place::from(token.span()).line() != place.line());
        true
    }

    /// A sign between steps that is an arrow elsewhere, or the dot of a method. Whether there was one.
    pub(super) fn other_arrow(&mut self, input: ParseStream<'_>) -> bool {
        let ahead = input.fork();
        let (mut signs, mut place) = (String::new(), Place::from(ahead.span()));
        while let Ok(TokenTree::Punct(mark)) = ahead.parse::<TokenTree>() {
            signs.push(mark.as_char());
            place = place.to(mark.span());
            if mark.spacing() == Spacing::Alone {
                break;
            }
        }
        let is_arrow = ["=>", "|>", ">>", "|", "."].contains(&signs.as_str());
        if is_arrow {
            let text = format!("expected `->`, found `{signs}`");
            self.report.error(place, Message::from(text).fix([Edit::instead(place, " -> ")]));
            signs.chars().for_each(|_| drop(input.parse::<TokenTree>()));
        }
        is_arrow
    }

    /// A statement of a program, with all that belongs to it: control flow, a constant. Whether there was one.
    pub(super) fn control_flow(&mut self, input: ParseStream<'_>) -> bool {
        let Ok(word) = input.fork().call(Ident::parse_any) else { return false };
        if input.peek2(Token![:]) || input.peek2(Token![=]) || input.peek2(Token![.]) {
            return false;
        }
        let (wrong, help) = match word.to_string().as_str() {
            "for" | "while" | "loop" => ("a net has no loops", "`[step; n]` repeats a step, for example `[relu; 3]`"),
            "if" | "match" => (
                "a net has no conditions: the same layers run for each input",
                "declare two nets, and what they share as a block: parameters of blocks are numbers, sizes, flags and layers",
            ),
            "const" | "static" => {
                ("constants are declared outside of nets", "write it in front of the net: `const NAME = 3;`")
            }
            "return" | "yield" => ("a net's result is that of its last statement", "end the net with a step"),
            _ => return false,
        };
        self.report.error(word.span(), message(wrong, help));
        drop(input.call(Ident::parse_any));
        loop {
            skip_to(input, |token| match token {
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                TokenTree::Punct(mark) => mark.as_char() == ';',
                TokenTree::Ident(_) | TokenTree::Literal(_) => false,
            });
            drop(input.parse::<TokenTree>());
            if !is_word(input, "else") {
                break;
            }
        }
        drop(input.parse::<Option<Token![;]>>());
        true
    }

    /// `nn.`, `F.`, `self.`, `nn::` in front of a step, which are reported once and left out.
    pub(super) fn module(&mut self, input: ParseStream<'_>) {
        let mut place = None::<Place>;
        let mut path = String::new();
        let ahead = input.fork();
        while MODULES.into_iter().any(|module| is_word(&ahead, module)) {
            let rest = ahead.fork();
            let Ok(word) = rest.call(Ident::parse_any) else { break };
            let (sign, end) = match (rest.parse::<Token![.]>(), rest.parse::<Token![::]>()) {
                (Ok(dot), _) => (".", dot.span),
                (_, Ok(colons)) => ("::", colons.spans[1]),
                (Err(_), Err(_)) => break,
            };
            if !rest.peek(Ident::peek_any) {
                break;
            }
            path.push_str(&format!("{word}{sign}"));
            place = Some(place.unwrap_or(word.span().into()).to(end));
            ahead.advance_to(&rest);
        }
        let Some(place) = place else { return };
        input.advance_to(&ahead);
        let text = message("layers and blocks are in no module or object", &format!("leave `{path}` out"));
        self.report.error(place, text.fix([Edit::instead(place, "")]));
    }

    /// The type of a shape's numbers in front of it, `f32 3x8x8`.
    pub(super) fn no_number_type(&mut self, input: ParseStream<'_>) {
        let has_shape = input.peek2(LitInt) || input.peek2(token::Paren);
        if has_shape && NUMBER_TYPES.iter().any(|word| is_word(input, word)) {
            let place = Place::from(input.span());
            drop(input.parse::<TokenTree>());
            let text = message(NO_NUMBER_TYPE, "leave the type out");
            self.report.error(place, text.fix([Edit::instead(place, "")]));
        }
    }

    /// The type of a parameter, of a constant or of a shape, which has none.
    pub(super) fn no_type(&mut self, input: ParseStream<'_>, wrong: &str) {
        if !input.peek(Token![:]) {
            return;
        }
        let mut place = Place::from(input.span());
        skip_to(input, |token| {
            let ends = match token {
                TokenTree::Punct(mark) => matches!(mark.as_char(), ',' | '=' | ';' | '-'),
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                TokenTree::Ident(_) | TokenTree::Literal(_) => false,
            };
            if !ends {
                place = place.to(token.span());
            }
            ends
        });
        self.report.error(place, message(wrong, "leave the type out").fix([Edit::instead(place, "")]));
    }
}
