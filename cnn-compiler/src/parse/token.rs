//! The parser's queries about single tokens.

use proc_macro2::extra::DelimSpan;
use proc_macro2::{Group, Ident, Spacing, Span, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Error, Result, Token, braced, token};

/// Brackets nested more deeply than this could overflow the stack.
const DEEPEST: usize = 60;

/// More tokens of Rust than this could overflow the stack: any of them may be a level of `syn`'s recursion (`&&&T`, `A<B<C>>`).
const LONGEST: usize = 40;

/// Operators of two characters, which Rust reads as two tokens.
const OPERATORS: [&str; 7] = ["->", "=>", "::", "..", "==", "&&", "||"];

/// Whether the next token is this word.
pub(super) fn is_word(input: ParseStream<'_>, word: &str) -> bool {
    input.fork().call(Ident::parse_any).is_ok_and(|ident| ident == word)
}

/// `expected …, found …` at the next token.
pub(super) fn expected(input: ParseStream<'_>, what: &str) -> Error {
    let (what, help) = what.split_once('\n').map_or((what, String::new()), |(what, help)| (what, format!("\n{help}")));
    Error::new(input.span(), format!("expected {what}, found {}{help}", found(input)))
}

/// The next token in words.
pub(super) fn found(input: ParseStream<'_>) -> String {
    let ahead = input.fork();
    let Ok(token) = ahead.parse::<TokenTree>() else { return "the end".to_owned() };
    if let (TokenTree::Punct(first), Ok(TokenTree::Punct(second))) = (&token, ahead.parse())
        && first.spacing() == Spacing::Joint
        && let operator = format!("{first}{second}")
        && OPERATORS.contains(&operator.as_str())
    {
        return format!("`{operator}`");
    }
    match token {
        TokenTree::Group(group) => match group.delimiter() {
            proc_macro2::Delimiter::Parenthesis => "`( … )`".to_owned(),
            proc_macro2::Delimiter::Brace => "`{ … }`".to_owned(),
            proc_macro2::Delimiter::Bracket => "`[ … ]`".to_owned(),
            proc_macro2::Delimiter::None => format!("`{}`", group.stream()),
        },
        TokenTree::Ident(word) if syn::parse_str::<syn::Ident>(&word.to_string()).is_err() => {
            format!("the keyword `{word}`")
        }
        TokenTree::Ident(_) | TokenTree::Literal(_) | TokenTree::Punct(_) => format!("`{token}`"),
    }
}

/// The content of braces, and the braces.
pub(super) fn braces<'a>(input: ParseStream<'a>, what: &str) -> Result<(ParseBuffer<'a>, DelimSpan)> {
    if !input.peek(token::Brace) {
        return Err(expected(input, what));
    }
    let content;
    let brace = braced!(content in input);
    Ok((content, brace.span))
}

/// Whether the next token is on another line than the one before it. The tokens before it begin at `start`.
pub(super) fn is_on_next_line(start: &ParseBuffer<'_>, input: &ParseBuffer<'_>) -> bool {
    let mut end = start.span().start().line;
    while start.cursor() != input.cursor()
        && let Ok(token) = start.parse::<TokenTree>()
    {
        end = token.span().end().line;
    }
    input.span().start().line > end
}

/// Whether arguments are next, in brackets that are not parentheses: neither statements nor a repeat.
pub(super) fn has_arguments(input: ParseStream<'_>) -> bool {
    let Ok(TokenTree::Group(group)) = input.fork().parse::<TokenTree>() else { return false };
    let mut content = group.stream().into_iter();
    let is_value = matches!(content.next(), Some(TokenTree::Literal(_)));
    let is_named = matches!(content.next(), Some(TokenTree::Punct(mark)) if mark.as_char() == '=');
    let ends = group.stream().into_iter().any(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ';'));
    (is_value || is_named) && !ends
}

/// Skips tokens until one satisfies a condition; that one is left.
pub(super) fn skip_to(input: ParseStream<'_>, mut condition: impl FnMut(&TokenTree) -> bool) {
    while let Ok(token) = input.fork().parse::<TokenTree>() {
        if condition(&token) {
            return;
        }
        drop(input.parse::<TokenTree>());
    }
}

/// Whether the angle brackets of the next path, which `syn` parses, have few enough tokens for its stack.
pub(super) fn check_path(input: ParseStream<'_>) -> Result<()> {
    let rest = input.fork();
    let mut open: Option<(Span, usize)> = None;
    let (mut depth, mut after_minus) = (0_usize, false);
    while let Ok(token) = rest.parse::<TokenTree>() {
        let punct = if let TokenTree::Punct(punct) = &token { punct.as_char() } else { ' ' };
        match punct {
            '<' => depth += 1,
            '>' if !after_minus => depth = depth.saturating_sub(1),
            ':' => {}
            _ if depth == 0 && !matches!(token, TokenTree::Ident(_)) => return Ok(()),
            _ => {}
        }
        after_minus = punct == '-';
        if depth > 0 || open.is_some() {
            let (span, tokens) = open.get_or_insert((token.span(), 0));
            *tokens += flat_len(token.clone());
            if *tokens > LONGEST {
                let wrong = format!("more than {LONGEST} tokens in the angle brackets of a path");
                return Err(Error::new(
                    *span,
                    format!("{wrong}\nhelp: give the type a shorter name: `type Name = …;`"),
                ));
            }
        }
    }
    Ok(())
}

/// Whether the next attributes, of which `syn` parses what is after `=`, have few enough tokens for its stack.
pub(super) fn check_attributes(input: ParseStream<'_>) -> Result<()> {
    let rest = input.fork();
    while rest.peek(Token![#]) {
        rest.parse::<Token![#]>()?;
        drop(rest.parse::<Option<Token![!]>>());
        let token = rest.parse::<TokenTree>()?;
        let is_equals = |token: TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '=');
        let has_value = |group: &Group| group.stream().into_iter().any(is_equals);
        if let TokenTree::Group(group) = &token
            && has_value(group)
            && flat_len(token.clone()) > LONGEST
        {
            return Err(Error::new(token.span(), format!("more than {LONGEST} tokens in an attribute")));
        }
    }
    Ok(())
}

/// How many tokens there are, with those in brackets.
fn flat_len(token: TokenTree) -> usize {
    let TokenTree::Group(group) = token else { return 1 };
    1 + group.stream().into_iter().map(flat_len).sum::<usize>()
}

/// A bracket that is nested too deeply.
pub(super) fn too_deep(tokens: &TokenStream, depth: usize) -> Option<Span> {
    tokens.clone().into_iter().find_map(|token| match token {
        TokenTree::Group(group) if depth == DEEPEST => Some(group.span_open()),
        TokenTree::Group(group) => too_deep(&group.stream(), depth + 1),
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    })
}
